"""Links as `ip -d -json address show` of iproute2 6.1 prints them, without what nobody reads."""

from __future__ import annotations

from typing import Any


def linked(name: str, kind: str = "", *addresses: str, **more: Any) -> dict[str, Any]:
    """A link; without a kind a physical one, of which `ip -d` says none."""
    flags = ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]
    return {
        "ifname": name,
        "flags": flags,
        "mtu": 1500,
        "num_tx_queues": 1,
        **({"linkinfo": {"info_kind": kind}} if kind else {}),
        "addr_info": [
            {
                "family": "inet6" if ":" in a else "inet",
                "local": a.split("/")[0],
                "prefixlen": int(a.split("/")[1]),
                "scope": "global",
            }
            for a in addresses
        ],
        **more,
    }
