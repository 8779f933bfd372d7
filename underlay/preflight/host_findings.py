"""What preflight makes of the hosts' answers: what is wrong with each, and with them beside one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_interface, ip_network
from typing import Any

from underlay.findings.finding import Finding, of_host
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.routes import Routes
from underlay.networks.network import Network
from underlay.networks.registry import modes
from underlay.plan.clocks import Offset, apart
from underlay.plan.host_questions import HostAnswers, is_member, is_started
from underlay.plan.required_ports import listened

from .links import carrier, shown

# kubeadm's own minimum for a control-plane host is 1700 MB.
MEMORY_MB = {True: 1700, False: 900}
DISK_MB = 2048
SYSTEMS = {"debian": ("12", "13"), "ubuntu": ("24.04",)}
NFTABLES_SINCE = (5, 13)  # kube-proxy in nftables mode, KEP-3866
KERNEL_SINCE = (5, 10)  # the oldest that a supported distribution has


def judge(
    cluster: Cluster,
    network: Network,
    answers: Mapping[str, HostAnswers],
    *,
    asked: Mapping[str, tuple[float, float]],
    path_stated: bool = True,
) -> list[Finding]:
    """Everything that is wrong with the hosts themselves.

    :param answers: node name -> probe name -> its line.
    :param asked: node name -> seconds of the controller's clock at which it was asked, and at which it had answered.
    :param path_stated: whether the cluster's path_mtu is given; else it follows from links and paths.
    """
    found: list[Finding] = []
    for node in cluster.nodes:
        if node.name in answers:
            told = _host(cluster, network, node, answers[node.name], path_stated)
            found += (of_host(code, node.name, text) for code, text in told)
    # Hosts answer in any order; of two alike it is the later one in the inventory that is told.
    names = [n.name for n in cluster.nodes if n.name in answers]
    ordered = {name: answers[name] for name in dict.fromkeys([*names, *answers])}
    found += (of_host(code, host, text) for code, host, text in _between(ordered, asked))
    return found


Told = Iterator[tuple[str, str]]
"""Code of a finding, and its sentence."""


def _host(cluster: Cluster, network: Network, node: Node, seen: HostAnswers, path_stated: bool) -> Told:
    if seen["user"] != "0":
        yield (
            "login-not-root",
            f"the login is not root (uid {seen['user'] or 'unknown'}); log in as root, or run pyinfra with --sudo",
        )
    system, _, version = seen["system"].partition(" ")
    if version not in SYSTEMS.get(system, ()):
        yield "system-unsupported", f"unsupported system {seen['system'] or 'unknown'}; supported are {_systems()}"
    release = tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in seen["kernel"].split(".")[:2])
    for since, who in _kernels(cluster, network):
        if release < since:
            yield (
                "kernel-too-old",
                f"kernel {seen['kernel']} is too old; {who} needs {'.'.join(map(str, since))} or newer",
            )
            break
    if _number(seen["memory"]) < MEMORY_MB[node.is_control_plane] and "Mem" not in cluster.ignore_preflight_errors:
        yield (
            "memory-small",
            f"{seen['memory']} MB of memory; a {node.role} needs {MEMORY_MB[node.is_control_plane]} MB",
        )
    if seen["cgroup"] != "cgroup2fs" and cluster.kubelet.get("failCgroupV1", True):
        yield (
            "cgroup-v1",
            "cgroup v1; the kubelet needs cgroup v2 since 1.35 (boot with systemd.unified_cgroup_hierarchy=1)",
        )
    if _number(seen["disk"]) < DISK_MB:
        yield "disk-full", f"{seen['disk'] or 0} MB free in /var/lib; {DISK_MB} MB are needed"
    if seen["resolver"] == "loop":
        told = "/etc/resolv.conf names loopback addresses alone, which in a pod are the pod's own"
        yield "resolver-loop", f"{told}; name a server that pods reach, or use systemd-resolved"
    elif seen["resolver"] != "present":
        yield "resolver-missing", "/etc/resolv.conf is missing or a dangling link; without it the kubelet starts no pod"
    yield from _addresses(cluster, network, node, seen, path_stated)
    yield from _membership(cluster, network, node, seen)


def _kernels(cluster: Cluster, network: Network) -> Iterator[tuple[tuple[int, int], str]]:
    yield KERNEL_SINCE, "the deploy"
    yield network.traits.kernel_since, network.mode
    if cluster.kube_proxy_mode == "nftables" and not network.replaces_kube_proxy:
        yield NFTABLES_SINCE, "kube-proxy in nftables mode"


def _systems() -> str:
    return ", ".join(f"{name} {'/'.join(versions)}" for name, versions in SYSTEMS.items())


def _addresses(cluster: Cluster, network: Network, node: Node, seen: HostAnswers, path_stated: bool) -> Told:
    links = shown(seen["addresses"])
    own = [(link, ip_interface(f"{a['local']}/{a['prefixlen']}")) for link in links for a in link.get("addr_info", [])]
    bearer = carrier(seen["addresses"], node.address)
    if bearer is None:
        yield "address-missing", f"no link has the address {node.address}; correct the inventory's address"
    elif path_stated and bearer.mtu < cluster.path_mtu:
        mtu = f"MTU {bearer.mtu}, below path_mtu {cluster.path_mtu}"
        yield "link-mtu-small", f"link {bearer.name} has {mtu}; lower path_mtu or raise the link's"
    if is_member(cluster, seen) or is_started(cluster, seen):
        return
    for name, subnet in _subnets(cluster):
        for link, address in own:
            if address.version == subnet.version and address.network.overlaps(subnet):
                yield (
                    "subnet-overlaps-address",
                    f"{name} {subnet} overlaps {address} on link {link['ifname']}; choose another",
                )
        for route in shown(seen["routes"]):
            if route.get("dst", "default") != "default" and "type" not in route:
                target = ip_network(route["dst"], strict=False)
                if target.version == subnet.version and target.overlaps(subnet) and route.get("protocol") != "kernel":
                    where = f"{route['dst']} dev {route.get('dev', '?')}"
                    yield "subnet-overlaps-route", f"{name} {subnet} overlaps the route {where}; choose another"
    if network.needs_one_segment and cluster.routes is Routes.PLUGIN:
        for route in (r for text in seen["peers"].split(" ") for r in shown(text)):
            if "gateway" in route:
                yield (
                    "segment-routed",
                    f"{network.mode} needs all nodes on one segment, and {route['dst']} is behind the router "
                    f"{route['gateway']}; use a mode with an overlay, or correct the hosts' routes",
                )


def _subnets(cluster: Cluster) -> Iterator[tuple[str, Any]]:
    for name in ("pod_subnet", "service_subnet", "pod_subnet_v6", "service_subnet_v6"):
        if (subnet := getattr(cluster, name)) is not None:
            yield name, subnet


def _membership(cluster: Cluster, network: Network, node: Node, seen: HostAnswers) -> Told:
    if is_member(cluster, seen) or is_started(cluster, seen):
        return
    if seen["member"]:
        other = seen["member"].partition(" ")[2]
        yield (
            "other-cluster",
            f"is a member of another cluster ({other}); reset it first, or take it out of the inventory",
        )
    elif seen["kubernetes"]:
        file = seen["kubernetes"].split(" ")[0]
        yield "other-cluster", f"another cluster is here ({file} exists and is not ours); run `kubeadm reset` first"
    if foreign := seen["cni"].split():
        yield (
            "cni-present",
            f"a CNI configuration of another hand is here ({', '.join(foreign)}); remove it from /etc/cni/net.d",
        )
    yield from _links(seen, node)
    taken = dict(entry.partition(" ")[::2] for entry in seen["ports"].split(";") if entry)
    for protocol, port in listened(cluster, network, node):
        if (who := taken.get(f"{protocol}{port}")) is not None:
            yield "port-taken", f"{protocol} {port} is taken by {_process(who)}; stop it"


def _links(seen: HostAnswers, node: Node) -> Told:
    """Links that a network plugin makes, on a host that no plugin of ours was on."""
    own = carrier(seen["addresses"], node.address)
    names = [n for link in shown(seen["addresses"]) if (n := link["ifname"]) != "lo" and own and n != own.name]
    # Most hosts have none to look at, and modes take their time to load.
    makers = [(mode, kind(**kind.example()).traces().links) for mode, kind in modes().items()] if names else []
    for name in names:
        mode = next((mode for mode, links in makers if any(fnmatchcase(name, link) for link in links)), None)
        if mode is not None:
            yield "link-present", f"link {name} is here, as {mode} makes it; take it away, with what made it"


def _process(text: str) -> str:
    """users:(("nginx",pid=7,fd=3)) -> nginx (pid 7)"""
    name = text.partition('(("')[2].partition('"')[0]
    pid = text.partition("pid=")[2].partition(",")[0]
    return f"{name} (pid {pid})" if name else "another program"


def _between(
    answers: Mapping[str, HostAnswers], asked: Mapping[str, tuple[float, float]]
) -> Iterator[tuple[str, str, str]]:
    """Code, host and sentence of what is wrong with hosts beside one another."""
    for probe, remedy in (
        ("hostname", "give every host its own name"),
        ("machine-id", "run systemd-machine-id-setup after removing /etc/machine-id"),
    ):
        first: dict[str, str] = {}
        for name, seen in answers.items():
            if seen[probe] in first:
                same = f"has the same {probe} as {first[seen[probe]]} ({seen[probe]})"
                yield f"{probe}-duplicate", name, f"{same}; {remedy}"
            first.setdefault(seen[probe], name)
    offsets = {}
    for name, seen in answers.items():
        if clock := _number(seen["clock"]):
            began, ended = asked[name]
            offsets[name] = Offset.of(clock, asked=began, answered=ended)
    for name, told in apart(offsets).items():
        yield "clock-off", name, told


def _number(text: str) -> float:
    """A number that a host printed; 0 where it printed none."""
    try:
        return float(text)
    except ValueError:
        return 0.0
