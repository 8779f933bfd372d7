"""A host's links, out of `ip -json address show`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any


@dataclass(frozen=True)
class Link:
    """`mtu` in bytes; `hardware` is its Ethernet address."""

    name: str
    mtu: int
    hardware: str


def shown(text: str) -> list[dict[str, Any]]:
    """What `ip -json` printed; nothing where it makes no sense."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def carrier(addresses: str, address: IPv4Address | IPv6Address) -> Link | None:
    """The link that has an address, or None."""
    for link in shown(addresses):
        if any(ip_address(a["local"]) == address for a in link.get("addr_info", []) if "local" in a):
            return Link(link["ifname"], int(link["mtu"]), link.get("address", ""))
    return None
