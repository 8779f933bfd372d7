"""A host's links, out of `ip -json address show`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from underlay.resources.answer import Answer, Answered


@dataclass(frozen=True)
class HostLink:
    """A network interface of a host: its MTU in bytes, and `hardware`, its MAC address."""

    name: str
    mtu: int
    hardware: str = ""


def ip_objects(text: str) -> list[dict[str, Any]]:
    """The objects that `ip -json` printed; none when it is not readable."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def objects_of(answer: Answer) -> list[dict[str, Any]]:
    """The objects of an answer; of one that was not given, none."""
    return ip_objects(answer.line) if isinstance(answer, Answered) else []


def link_with(addresses: str, address: IPv4Address | IPv6Address) -> HostLink | None:
    """The link that has an address, or None."""
    for link in ip_objects(addresses):
        if any(ip_address(a["local"]) == address for a in link.get("addr_info", []) if "local" in a):
            return HostLink(link["ifname"], int(link["mtu"]), link.get("address", ""))
    return None
