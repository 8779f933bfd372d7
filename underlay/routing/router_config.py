"""The configuration that unmanaged routers need, for FRR, for BIRD, and as a table."""

from __future__ import annotations

from collections.abc import Iterator

from underlay.model.bgp import Bgp
from underlay.model.cluster import Cluster
from underlay.templates import render

from .frr import BFD_MISSES, PATHS, bfd_profile
from .sessions import End, sessions

PASSWORD = "<the password of bgp.password>"  # noqa: S105


def in_dialect(cluster: Cluster, dialect: str) -> str:
    """Text for people; the password is named, never shown.

    :param dialect: "frr", "bird" or "table".
    """
    assert cluster.bgp is not None
    if dialect == "table":
        return "\n".join([*_table(cluster), ""])
    write = {"frr": _frr, "bird": _bird}[dialect]
    parts: list[str] = []
    for router in (r for r in cluster.bgp.routers if not r.managed):
        ends = [e for s in sessions(cluster) if (e := s.end_of(router.name))]
        parts.append(f"# {router.name}, AS {router.as_number}, {router.rack}\n{write(cluster, cluster.bgp, ends)}")
    return "\n".join(parts) if parts else "# every router is managed: the deploy writes its configuration\n"


def _table(cluster: Cluster) -> Iterator[str]:
    row = "{:<16} {:<16} {:>10}   {:<16} {:<16} {:>10}   {}"
    yield row.format("host", "address", "AS", "peer", "its address", "its AS", "rack")
    for session in sessions(cluster):
        one, other = session.one, session.other
        yield row.format(
            one.host, str(one.address), one.as_number, other.host, str(other.address), other.as_number, one.rack
        )


def _frr(cluster: Cluster, bgp: Bgp, ends: list[tuple[End, End]]) -> str:
    subnets = [s for s in cluster.pod_subnets if s.version == 4]
    values = {"own": ends[0][0], "paths": PATHS, "bfd_profile": bfd_profile(bgp)}
    return render("frr/foreign.conf", bgp=bgp, ends=ends, subnets=subnets, password=PASSWORD, **values)


def _bird(cluster: Cluster, bgp: Bgp, ends: list[tuple[End, End]]) -> str:
    prefixes = [f"{s}{{{s.prefixlen + 1},32}}" for s in cluster.pod_subnets if s.version == 4]
    values = {"prefixes": prefixes, "bfd_misses": BFD_MISSES}
    return render("bird/foreign.conf", bgp=bgp, ends=ends, password=PASSWORD, **values)
