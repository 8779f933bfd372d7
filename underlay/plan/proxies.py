"""Who takes a proxy to what: scripts, containerd and kubeadm to what is outside the cluster, nobody to its own."""

from __future__ import annotations

from shlex import quote

from underlay.model.cluster import Cluster

VARIABLE = "[A-Za-z_]+_[Pp][Rr][Oo][Xx][Yy]"
WITHOUT_PROXIES = f"for v in $(env | sed -nE 's/^({VARIABLE})=.*/\\1/p'); do unset \"$v\"; done"
"""Shell that takes every proxy out of its environment."""


def inside(cluster: Cluster) -> tuple[str, ...]:
    """What no proxy may carry: this host, what the cluster is made of, and names that only the cluster knows."""
    names = [*(n.name for n in cluster.nodes), ".svc", ".cluster.local"]
    return tuple(dict.fromkeys(["localhost", "127.0.0.0/8", "::1", *made_of(cluster), *names]))


def made_of(cluster: Cluster) -> tuple[str, ...]:
    """The nodes' addresses, the subnets of pods and Services, the host of the API's endpoint."""
    nodes = [str(a) for n in cluster.nodes for a in n.addresses]
    subnets = [str(s) for s in (*cluster.pod_subnets, *cluster.service_subnets)]
    return tuple(dict.fromkeys([*nodes, *subnets, cluster.api_host]))


def of_scripts(cluster: Cluster) -> str:
    """Shell: the inventory's proxy, or the login's where it names none, for what is outside the cluster."""
    if cluster.proxy:
        return f"{WITHOUT_PROXIES}\n{_exported(_variables(cluster))}"
    return f"""\
no_proxy=${{no_proxy:+$no_proxy,}}${{NO_PROXY:+$NO_PROXY,}}{quote(",".join(inside(cluster)))}
NO_PROXY=$no_proxy; export no_proxy NO_PROXY
"""


def of_kubeadm(cluster: Cluster) -> str:
    """Shell: the inventory's proxy and no other, since kubeadm gives what it finds to the pods of the control plane.

    None that has a password: whoever may read pods would read it.
    """
    found = _variables(cluster) if cluster.proxy and not cluster.proxy.credentials else {}
    return f"{WITHOUT_PROXIES}\n{_exported(found)}".rstrip()


def environment_file(cluster: Cluster) -> str | None:
    """The inventory's proxy for a unit's EnvironmentFile=, which systemd shows to root alone; None without one."""
    return "".join(f'{name}="{value}"\n' for name, value in _variables(cluster).items()) if cluster.proxy else None


def _variables(cluster: Cluster) -> dict[str, str]:
    """In small letters for curl and apt, in capitals for programs in Go."""
    assert cluster.proxy
    exempt = ",".join(dict.fromkeys([*cluster.proxy.exempt, *inside(cluster)]))
    found = {f"{scheme}_proxy": url for scheme, url in cluster.proxy.urls.items()} | {"no_proxy": exempt}
    return found | {name.upper(): value for name, value in found.items()}


def _exported(variables: dict[str, str]) -> str:
    return "".join(f"export {name}={quote(value)}\n" for name, value in variables.items())
