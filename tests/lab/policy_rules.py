"""Packet filter rules in a policy engine's place: what the cases of NetworkPolicy forbid is dropped by hand."""

from __future__ import annotations

from collections.abc import Sequence

from underlay.verify.network_policies import PolicyCase, RolePod
from underlay.verify.probe_objects import TCP, UDP

UNDO = "nft delete table ip stand-in"


def drops(places: dict[str, RolePod], cases: Sequence[PolicyCase]) -> list[tuple[str, str]]:
    """(host, shell) that has every node forward all but the connections that must not pass."""
    chain = "chain ip stand-in c { type filter hook forward priority -300 ; }"
    lines = ["add table ip stand-in", f"add {chain}"]
    for case in (c for c in cases if not c.passes):
        one, other = places[case.one].address, places[case.other].address
        port = TCP if case.protocol == "tcp" else UDP
        lines.append(f"add rule ip stand-in c ip saddr {one} ip daddr {other} {case.protocol} dport {port} drop")
    return [(node, f"nft '{'; '.join(lines)}'") for node in dict.fromkeys(p.node for p in places.values())]
