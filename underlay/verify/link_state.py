"""A node's links and the ways its packets take to other nodes' pods: one question, and what its answer says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from underlay.report.observed import ObservedHop, ObservedLink

# Ways to so many other nodes are asked for; those to more would look alike.
MOST = 40


def question(name: str, subnets: Mapping[str, Sequence[str]]) -> str:
    """Shell: the links, the count of security associations, then for each other node the way to its first pod."""
    targets = [(n, ip_network(s[0])[2]) for n, s in subnets.items() if n != name and s][:MOST]
    ways = [
        f"printf '%s\\t' {n}; ip -json route get {address} 2>/dev/null | tr -d '\\n'; echo" for n, address in targets
    ]
    count = "ip xfrm state list nokeys 2>/dev/null | grep -c '^src' || true"
    return "\n".join(["ip -json -details address show | tr -d '\\n'; echo", count, *ways])


def read_answer(answer: str, *, address: str) -> dict[str, Any]:
    """Fields of the report's Node.

    :param address: the node's own, which tells the link that carries its traffic: what leaves by that is in no tunnel.
    """
    first, _, rest = answer.partition("\n")
    count, _, ways = rest.partition("\n")
    try:
        seen = json.loads(first)
    except ValueError:
        return {}
    underlay = {s["ifname"] for s in seen if any(a.get("local") == address for a in s.get("addr_info", ()))}
    kinds = {s["ifname"]: "" if s["ifname"] in underlay else _kind(s) for s in seen}
    return {
        "links": [_link(s) for s in seen if _is_telling(s)],
        "ipsec_states": int(count) if count.strip().isdigit() else 0,
        "hops": [hop for line in ways.splitlines() if (hop := _hop(line, kinds))],
    }


def _kind(seen: Mapping[str, Any]) -> str:
    return str(seen.get("linkinfo", {}).get("info_kind", "device"))


def _is_telling(seen: Mapping[str, Any]) -> bool:
    """Not loopback, and no end of a pod's veth pair: those have no address of their own."""
    is_global = any(a.get("scope") == "global" for a in seen.get("addr_info", ()))
    return seen.get("link_type") != "loopback" and (is_global or _kind(seen) != "veth")


def _link(seen: Mapping[str, Any]) -> ObservedLink:
    kind = str(seen.get("linkinfo", {}).get("info_kind", ""))
    return ObservedLink(name=seen["ifname"], kind=kind, mtu=seen["mtu"], up="UP" in seen["flags"])


def _hop(line: str, kinds: Mapping[str, str]) -> ObservedHop | None:
    name, _, text = line.partition("\t")
    try:
        way = json.loads(text)[0]
    except (ValueError, IndexError):
        return None
    return (
        ObservedHop(to=name, link=way["dev"], kind=kinds.get(way["dev"], ""), via=way.get("gateway", ""))
        if "dev" in way
        else None
    )
