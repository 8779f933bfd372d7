"""What routers that are not ours need to be told: the exact configuration, for FRR, for BIRD, and as a table."""

from __future__ import annotations

from collections.abc import Iterator

from underlay.model.bgp import Bgp
from underlay.model.cluster import Cluster

from .frr import BFD_INTERVAL, BFD_MISSES, PROFILE, bfd_profile
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
        parts += [f"# {router.name}, AS {router.as_number}, {router.rack}", *write(cluster, cluster.bgp, ends), ""]
    return (
        "\n".join(parts)
        if parts
        else "# every router is a host of ours; its configuration is laid down by the deploy\n"
    )


def _table(cluster: Cluster) -> Iterator[str]:
    row = "{:<16} {:<16} {:>10}   {:<16} {:<16} {:>10}   {}"
    yield row.format("host", "address", "AS", "peer", "its address", "its AS", "rack")
    for session in sessions(cluster):
        one, other = session.one, session.other
        yield row.format(
            one.host, str(one.address), one.as_number, other.host, str(other.address), other.as_number, one.rack
        )


def _frr(cluster: Cluster, bgp: Bgp, ends: list[tuple[End, End]]) -> Iterator[str]:
    for subnet in (s for s in cluster.pod_subnets if s.version == 4):
        yield f"ip prefix-list PODS permit {subnet} ge {subnet.prefixlen + 1} le 32"
    yield "route-map PODS permit 10"
    yield " match ip address prefix-list PODS"
    yield "exit"
    yield from bfd_profile(bgp)
    yield f"router bgp {ends[0][0].as_number}"
    yield " bgp bestpath as-path multipath-relax"
    for _, far in ends:
        peer = f" neighbor {far.address}"
        yield f"{peer} remote-as {far.as_number}"
        yield f"{peer} description {far.host}"
        yield f"{peer} timers {bgp.keepalive} {bgp.hold_time}"
        yield from ([f"{peer} password {PASSWORD}"] if bgp.password else [])
        yield from ([f"{peer} bfd"] if bgp.bfd else [])
        yield from ([f"{peer} bfd profile {PROFILE}"] if bgp.bfd and bgp.bfd_interval != BFD_INTERVAL else [])
        yield from ([f"{peer} ttl-security hops 1"] if bgp.ttl_security else [])
    yield " address-family ipv4 unicast"
    yield "  maximum-paths 8"
    for _, far in ends:
        peer = f"  neighbor {far.address}"
        yield f"{peer} activate"
        yield f"{peer} route-map PODS in"
        yield f"{peer} route-map PODS out"
        yield f"{peer} maximum-prefix {bgp.max_prefixes}"
    yield " exit-address-family"
    yield "exit"


def _bird(cluster: Cluster, bgp: Bgp, ends: list[tuple[End, End]]) -> Iterator[str]:
    subnets = ", ".join(f"{s}{{{s.prefixlen + 1},32}}" for s in cluster.pod_subnets if s.version == 4)
    yield f"filter pods {{ if net ~ [ {subnets} ] then accept; reject; }}"
    if bgp.bfd:
        timing = f"interval {bgp.bfd_interval} ms; multiplier {BFD_MISSES};"
        yield f'protocol bfd {{ interface "*" {{ {timing} }}; }}'
    for mine, far in ends:
        yield f"protocol bgp {far.host.replace('-', '_').replace('.', '_')} {{"
        yield f"  local {mine.address} as {mine.as_number};"
        yield f"  neighbor {far.address} as {far.as_number};"
        yield f"  hold time {bgp.hold_time};"
        yield f"  keepalive time {bgp.keepalive};"
        yield from ([f'  password "{PASSWORD}";'] if bgp.password else [])
        yield from (["  bfd on;"] if bgp.bfd else [])
        yield from (["  ttl security on;"] if bgp.ttl_security else [])
        yield f"  ipv4 {{ import filter pods; export filter pods; import limit {bgp.max_prefixes} action restart; }};"
        yield "}"
    yield "# equal paths: protocol kernel { ipv4 { export all; }; merge paths on; }"
