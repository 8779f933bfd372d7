"""A node's links, and the routes of its packets to other nodes' pods: one command, and what its output says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from underlay.report.observed import ObservedHop, ObservedLink

# Routes to this many other nodes are read; those to more look the same.
MOST = 40


def command(name: str, subnets: Mapping[str, Sequence[str]]) -> str:
    """Shell: the links, the count of security associations, then for each other node the route to its first pod."""
    targets = [(n, ip_network(s[0])[2]) for n, s in subnets.items() if n != name and s][:MOST]
    routes = [
        f"printf '%s\\t' {n}; ip -json route get {address} 2>/dev/null | tr -d '\\n'; echo" for n, address in targets
    ]
    count = "ip xfrm state list nokeys 2>/dev/null | grep -c '^src' || true"
    return "\n".join(["ip -json -details address show | tr -d '\\n'; echo", count, *routes])


def read_output(output: str, *, address: str) -> dict[str, Any]:
    """Fields of an ObservedNode.

    :param address: the node's own, which tells the link that carries its traffic: what leaves by that is in no tunnel.
    """
    first, _, rest = output.partition("\n")
    count, _, routes = rest.partition("\n")
    try:
        links = json.loads(first)
    except ValueError:
        return {}
    underlay = {s["ifname"] for s in links if any(a.get("local") == address for a in s.get("addr_info", ()))}
    kinds = {s["ifname"]: "" if s["ifname"] in underlay else _kind(s) for s in links}
    return {
        "links": [_link(s) for s in links if _is_shown(s)],
        "ipsec_states": int(count) if count.strip().isdigit() else 0,
        "hops": [hop for line in routes.splitlines() if (hop := _hop(line, kinds))],
    }


def _kind(link: Mapping[str, Any]) -> str:
    return str(link.get("linkinfo", {}).get("info_kind", "device"))


def _is_shown(link: Mapping[str, Any]) -> bool:
    """Neither loopback nor the end of a pod's veth pair: those have no address of their own."""
    is_global = any(a.get("scope") == "global" for a in link.get("addr_info", ()))
    return link.get("link_type") != "loopback" and (is_global or _kind(link) != "veth")


def _link(link: Mapping[str, Any]) -> ObservedLink:
    kind = str(link.get("linkinfo", {}).get("info_kind", ""))
    return ObservedLink(name=link["ifname"], kind=kind, mtu=link["mtu"], up="UP" in link["flags"])


def _hop(line: str, kinds: Mapping[str, str]) -> ObservedHop | None:
    name, _, text = line.partition("\t")
    try:
        route = json.loads(text)[0]
    except (ValueError, IndexError):
        return None
    return (
        ObservedHop(to=name, link=route["dev"], kind=kinds.get(route["dev"], ""), via=route.get("gateway", ""))
        if "dev" in route
        else None
    )
