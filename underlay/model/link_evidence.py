"""Whose a link of a host is: its name, what it is, and whether pods' addresses or routes are on it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from .footprint import Traces

# Created by a kernel module when it is loaded, and gone with it: no sign of anybody before it is up.
OF_KERNEL = (
    *("tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip6gre0", "ip6gretap0"),
    *("ip_vti0", "ip6_vti0", "dummy0", "ifb0", "ifb1", "bond0", "teql0"),
)

# What `ip -d` prints of every link.
_DETAIL = "num_tx_queues"


def is_made(
    link: Mapping[str, Any],
    traces: Traces,
    *,
    pods: Iterable[IPv4Network | IPv6Network],
    routed: Collection[str] = (),
) -> bool:
    """Whether a link is what a mode leaves on a host.

    :param link: as `ip -d -json address show` prints it; without -d its name has to do.
    :param routed: names of links that routes to pods lead through.
    """
    name = link["ifname"]
    if not matches(name, traces.links):
        return False
    if carries(link, pods, routed):
        return True
    if name in OF_KERNEL and "UP" not in link.get("flags", ()):
        return False
    of = next((k for k in traces.link_kinds if matches(name, (k.name,))), None)
    if of is None or _DETAIL not in link:
        return True
    if link.get("linkinfo", {}).get("info_kind") not in of.kinds:
        return False
    stands_for = name[len(of.name) - 1 :] if of.name.endswith("*") else ""
    return re.fullmatch(of.rest, stands_for) is not None and not (of.shared and addresses_on(link))


def carries(link: Mapping[str, Any], pods: Iterable[IPv4Network | IPv6Network], routed: Collection[str] = ()) -> bool:
    """Whether addresses or routes of pods are on a link."""
    return link["ifname"] in routed or any(a in subnet for a in addresses_on(link) for subnet in pods)


def addresses_on(link: Mapping[str, Any]) -> list[IPv4Address | IPv6Address]:
    """Its addresses, other than those that every link gives itself."""
    found = (a for a in link.get("addr_info", []) if "local" in a and a.get("scope") != "link")
    return [ip_address(a["local"]) for a in found]


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the names, of which a trailing * stands for the rest, is this."""
    return any(name.startswith(p[:-1]) if p.endswith("*") else name == p for p in patterns)
