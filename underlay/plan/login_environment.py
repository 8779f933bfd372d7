"""What the environment of a login must not change: the text before every script that runs on a host."""

from __future__ import annotations

from shlex import quote

from underlay.model.cluster import Cluster

# Each changes what a program prints, or whom it asks, without being named in a command.
_UNSET = (
    *("LANGUAGE", "POSIXLY_CORRECT", "GREP_OPTIONS", "GREP_COLORS", "QUOTING_STYLE", "TIME_STYLE", "BLOCK_SIZE"),
    *("BLOCKSIZE", "DF_BLOCK_SIZE", "DU_BLOCK_SIZE", "CDPATH", "ENV", "BASH_ENV", "TMPDIR", "XTABLES_LIBDIR", "IFS"),
    *("SYSTEMD_COLORS", "SYSTEMD_PAGER", "SYSTEMD_LOG_LEVEL", "PAGER", "KUBECONFIG", "KUBECTL_EXTERNAL_DIFF"),
    *("CONTAINER_RUNTIME_ENDPOINT", "IMAGE_SERVICE_ENDPOINT", "CONTAINERD_ADDRESS", "CONTAINERD_NAMESPACE"),
)
_PROXY = "[A-Za-z_]+_[Pp][Rr][Oo][Xx][Yy]"
# For kubeadm, which gives whatever it finds to the pods of the control plane.
WITHOUT_PROXIES = f"for v in $(env | sed -nE 's/^({_PROXY})=.*/\\1/p'); do unset \"$v\"; done"


def prologue(cluster: Cluster) -> str:
    """Shell that sets what scripts rely on. A proxy of the login's stays for what is outside the cluster.

    It leaves in u_proxies what the login has, a word for each variable, without passwords.
    """
    return f"""\
PATH=${{PATH:-/usr/bin:/bin}}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
u_proxies=$(env | sed -nE '/^{_PROXY}=./{{s#//[^/@]*@#//#;s/[[:space:]]//g;p;}}' | tr '\\n' ' ')
unset {" ".join(_UNSET)}
LC_ALL=C.UTF-8 TZ=UTC; export LC_ALL TZ; umask 022; unalias -a
no_proxy=${{no_proxy:+$no_proxy,}}${{NO_PROXY:+$NO_PROXY,}}{quote(",".join(inside(cluster)))}
NO_PROXY=$no_proxy; export no_proxy NO_PROXY
"""


def inside(cluster: Cluster) -> tuple[str, ...]:
    """What no proxy may carry: this host, what the cluster is made of, and names that only the cluster knows."""
    names = [*(n.name for n in cluster.nodes), ".svc", ".cluster.local"]
    return tuple(dict.fromkeys(["localhost", "127.0.0.0/8", "::1", *made_of(cluster), *names]))


def made_of(cluster: Cluster) -> tuple[str, ...]:
    """The nodes' addresses, the subnets of pods and Services, the host of the API's endpoint."""
    nodes = [str(a) for n in cluster.nodes for a in n.addresses]
    subnets = [str(s) for s in (*cluster.pod_subnets, *cluster.service_subnets)]
    return tuple(dict.fromkeys([*nodes, *subnets, cluster.api_host]))
