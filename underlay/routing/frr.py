"""FRR's configuration of one host, made from its sessions.

Source of the words: FRR 10 user guide, "BGP", "BFD" and "Zebra". What is FRR's default is left out, as FRR leaves it
out of what it shows: a reload takes anything else for a change, and a session of BFD down with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from underlay.model.bgp import Bgp
from underlay.model.cluster import NODE_PREFIX, Cluster
from underlay.model.routes import Routes
from underlay.resources.file import File
from underlay.resources.packages import Packages
from underlay.resources.resource import Resource
from underlay.resources.sysctl import Sysctl
from underlay.resources.unit import Unit
from underlay.templates import render

from .frr_drift import DROP_IN, PROGRAM, load_hook, loaded
from .sessions import End, of_host

CONFIG = "/etc/frr/frr.conf"
DAEMONS = "/etc/frr/daemons"
UNIT = "frr.service"
BRIDGE = "cni0"
# The most equal paths that are used at once, more than a rack has top-of-rack routers.
PATHS = 8
# BFD packets in a row that may be lost, and milliseconds between them: FRR's own.
BFD_MISSES = 3
BFD_INTERVAL = 300
PROFILE = "UNDERLAY"
# Keepalive and hold time of `frr defaults datacenter`.
TIMERS = (3, 9)
# Routers between two nodes of different racks, at most.
HOPS = 8


@dataclass(frozen=True)
class Neighbour:
    """A session as one host's configuration has it.

    `source` is the own address where the session has to start from it (iBGP); `repeats_own_as` is whether routes come
    back with the own AS in their path; `is_client` whether this host reflects routes to it.
    """

    host: str
    address: str
    as_number: int
    source: str
    hops: int
    repeats_own_as: bool
    is_client: bool


@dataclass(frozen=True)
class PodPrefixes:
    """Prefixes of a pod subnet that are announced, by their lengths."""

    subnet: str
    shortest: int
    longest: int


def frr(cluster: Cluster, host: str) -> tuple[Resource, ...]:
    """The resources of a host that speaks BGP."""
    bgp = cluster.bgp
    assert bgp is not None
    return (
        Packages(("frr", "frr-pythontools")),
        # Equal paths are chosen by ports too; otherwise two busy pods share one of them.
        Sysctl("net.ipv4.fib_multipath_hash_policy", "1"),
        File(DAEMONS, daemons(bgp), mode="640", owner="frr:frr"),
        File(CONFIG, configuration(cluster, host), mode="640", owner="frr:frr", secret=bgp.password is not None),
        *load_hook(),
        Unit(UNIT, watches=(DAEMONS, CONFIG, PROGRAM, DROP_IN), reloads=True),
        loaded,
    )


def daemons(bgp: Bgp) -> str:
    """FRR's file of daemons: BGP, and BFD if asked for; zebra, staticd and mgmtd always run."""
    return render("frr/daemons", bfd=bgp.bfd)


def configuration(cluster: Cluster, host: str) -> str:
    """frr.conf of a node, or of a managed router."""
    bgp = cluster.bgp
    assert bgp is not None
    ends = of_host(cluster, host)
    return render(
        "frr/frr.conf",
        host=host,
        bgp=bgp,
        own=ends[0][0] if ends else None,
        prefixes=list(_prefixes(cluster)),
        peers=[_neighbour(mine, far) for mine, far in ends],
        reflects=any(mine.reflects for mine, _ in ends),
        timers=(bgp.keepalive, bgp.hold_time) != TIMERS,
        bfd_profile=bfd_profile(bgp),
        bridge=BRIDGE,
        paths=PATHS,
    )


def bfd_profile(bgp: Bgp) -> str:
    """The name of the profile with BFD's timers; empty where they are FRR's own, or there is no BFD."""
    return PROFILE if bgp.bfd and bgp.bfd_interval != BFD_INTERVAL else ""


def _prefixes(cluster: Cluster) -> Iterator[PodPrefixes]:
    # FRR announces a node's pod subnet; a plugin that speaks BGP itself announces smaller blocks.
    longest = NODE_PREFIX[4] if cluster.routes is Routes.BGP else 32
    for subnet in (s for s in cluster.pod_subnets if s.version == 4):
        yield PodPrefixes(str(subnet), min(subnet.prefixlen + 1, longest), longest)


def _neighbour(mine: End, far: End) -> Neighbour:
    internal, between_nodes = mine.as_number == far.as_number, mine.is_node and far.is_node
    return Neighbour(
        far.host,
        str(far.address),
        far.as_number,
        source=str(mine.address) if internal else "",
        hops=HOPS if between_nodes and mine.rack != far.rack else 1,
        # Nodes of one AS learn each other's routes from their router, with their own AS in the path.
        repeats_own_as=mine.is_node and not far.is_node and not internal,
        is_client=mine.reflects,
    )
