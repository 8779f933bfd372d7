"""FRR's configuration of one host, made from the sessions it has a part in.

Source of the words: FRR 10 user guide, "BGP", "BFD" and "Zebra". What is FRR's default is left out, as FRR leaves it
out of what it shows: a reload takes anything else for a change, and a session of BFD down with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from underlay.model.bgp import Bgp
from underlay.model.cluster import NODE_PREFIX, Cluster
from underlay.model.routes import Routes
from underlay.resources.file import File
from underlay.resources.packages import Packages
from underlay.resources.resource import Resource
from underlay.resources.sysctl import Sysctl
from underlay.resources.unit import Unit

from .frr_drift import DROP_IN, PROGRAM, loaded, noting
from .sessions import End, of_host

CONFIG = "/etc/frr/frr.conf"
DAEMONS = "/etc/frr/daemons"
UNIT = "frr.service"
BRIDGE = "cni0"
# The most equal paths that are used at once; as many top-of-rack routers as anybody has.
PATHS = 8
# BFD packets in a row that may be lost, and milliseconds between them: FRR's own.
BFD_MISSES = 3
BFD_INTERVAL = 300
PROFILE = "UNDERLAY"
# Keepalive and hold time of `frr defaults datacenter`.
TIMERS = (3, 9)
HEAD = "! Written by Underlay; changes are overwritten.\n"


def frr(cluster: Cluster, host: str) -> tuple[Resource, ...]:
    """What a host that speaks BGP has to have."""
    bgp = cluster.bgp
    assert bgp is not None
    return (
        Packages(("frr", "frr-pythontools")),
        # Equal paths are chosen by ports too, or two busy pods share one of them.
        Sysctl("net.ipv4.fib_multipath_hash_policy", "1"),
        File(DAEMONS, daemons(bgp), mode="640", owner="frr:frr"),
        File(CONFIG, configuration(cluster, host), mode="640", owner="frr:frr", secret=bgp.password is not None),
        *noting(),
        Unit(UNIT, watches=(DAEMONS, CONFIG, PROGRAM, DROP_IN), reloads=True),
        loaded,
    )


def daemons(bgp: Bgp) -> str:
    """FRR's file of daemons: BGP, and BFD if asked for; zebra, staticd and mgmtd always run."""
    return (
        "# Written by Underlay; changes are overwritten.\n"
        "bgpd=yes\n"
        f"bfdd={'yes' if bgp.bfd else 'no'}\n"
        "vtysh_enable=yes\n"
        'zebra_options="  -A 127.0.0.1 -s 90000000"\n'
        'bgpd_options="   -A 127.0.0.1"\n'
        'staticd_options="-A 127.0.0.1"\n'
        'bfdd_options="   -A 127.0.0.1"\n'
    )


def configuration(cluster: Cluster, host: str) -> str:
    """frr.conf of a node, or of a router of ours."""
    return HEAD + "\n".join([*_configuration(cluster, host), ""])


def _configuration(cluster: Cluster, host: str) -> Iterator[str]:
    bgp = cluster.bgp
    assert bgp is not None
    ends = of_host(cluster, host)
    yield "frr defaults datacenter"
    yield f"hostname {host}"
    yield "log syslog informational"
    yield "service integrated-vtysh-config"
    yield "!"
    yield from _filters(cluster)
    own = ends[0][0] if ends else None
    if own is None:
        return
    yield from bfd_profile(bgp)
    if own.is_node:
        # A bridge without pods has no carrier. FRR then takes neither its route nor the blackhole below it.
        yield f"interface {BRIDGE}"
        yield " no link-detect"
        yield "exit"
        yield "!"
    yield f"router bgp {own.as_number}"
    yield f" bgp router-id {own.address}"
    yield " no bgp default ipv4-unicast"
    yield " bgp bestpath as-path multipath-relax"
    if any(mine.reflects for mine, _ in ends):
        yield f" bgp cluster-id {bgp.cluster_id}"
    if (bgp.keepalive, bgp.hold_time) != TIMERS:
        yield f" timers bgp {bgp.keepalive} {bgp.hold_time}"
    for mine, far in ends:
        yield from _neighbour(bgp, mine, far)
    yield " !"
    yield " address-family ipv4 unicast"
    if own.is_node:
        # Its own pods' subnet: the bridge's once a pod runs, and before and after that the agent's blackhole.
        yield "  redistribute connected route-map PODS"
        yield "  redistribute kernel route-map HELD"
    yield f"  maximum-paths {PATHS}"
    yield f"  maximum-paths ibgp {PATHS}"
    for mine, far in ends:
        yield from _family(bgp, mine, far)
    yield " exit-address-family"
    yield "exit"
    yield "!"


def bfd_profile(bgp: Bgp) -> Iterator[str]:
    """The timers of BFD. Behind `neighbor … bfd` FRR takes them too, and leaves them out of what it shows."""
    if bgp.bfd and bgp.bfd_interval != BFD_INTERVAL:
        yield "bfd"
        yield f" profile {PROFILE}"
        yield f"  transmit-interval {bgp.bfd_interval}"
        yield f"  receive-interval {bgp.bfd_interval}"
        yield " exit"
        yield "exit"
        yield "!"


def _filters(cluster: Cluster) -> Iterator[str]:
    """Pod prefixes, and nothing else, in either direction; nodes announce only what is their own."""
    # FRR announces a node's share of the pod subnet; a plugin that speaks BGP itself has blocks of its own.
    longest = NODE_PREFIX[4] if cluster.routes is Routes.BGP else 32
    for number, subnet in enumerate(s for s in cluster.pod_subnets if s.version == 4):
        least = min(subnet.prefixlen + 1, longest)
        yield f"ip prefix-list PODS seq {10 + number} permit {subnet} ge {least} le {longest}"
    yield "bgp as-path access-list OWN seq 10 permit ^$"
    yield "!"
    yield "route-map PODS permit 10"
    yield " match ip address prefix-list PODS"
    yield "exit"
    # Of the kernel's routes the one that is held for this node's pods: a plugin may have its own to other nodes' there.
    yield "route-map HELD permit 10"
    yield " match ip address prefix-list PODS"
    yield " match ip next-hop type blackhole"
    yield "exit"
    yield "route-map OWN permit 10"
    yield " match ip address prefix-list PODS"
    yield " match as-path OWN"
    yield "exit"
    yield "!"


def _neighbour(bgp: Bgp, mine: End, far: End) -> Iterator[str]:
    peer = f" neighbor {far.address}"
    yield f"{peer} remote-as {far.as_number}"
    yield f"{peer} description {far.host}"
    if mine.as_number == far.as_number:
        yield f"{peer} update-source {mine.address}"
    elif mine.rack != far.rack and mine.is_node and far.is_node:
        yield f"{peer} ebgp-multihop 8"
    elif bgp.ttl_security:
        yield f"{peer} ttl-security hops 1"
    if bgp.password is not None:
        yield f"{peer} password {bgp.password}"
    if bgp.bfd:
        yield f"{peer} bfd"
        yield from [f"{peer} bfd profile {PROFILE}"] if bgp.bfd_interval != BFD_INTERVAL else []


def _family(bgp: Bgp, mine: End, far: End) -> Iterator[str]:
    peer = f"  neighbor {far.address}"
    yield f"{peer} activate"
    yield f"{peer} soft-reconfiguration inbound"
    yield f"{peer} maximum-prefix {bgp.max_prefixes}"
    yield f"{peer} route-map PODS in"
    yield f"{peer} route-map {'OWN' if mine.is_node else 'PODS'} out"
    if mine.is_node and not far.is_node and mine.as_number != far.as_number:
        # Nodes of one AS hear of one another through their router, with their own AS in the path.
        yield f"{peer} allowas-in 1"
    if mine.reflects:
        yield f"{peer} route-reflector-client"
