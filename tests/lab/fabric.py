"""BGP as the tests' fabrics have it, and how its routers are told something by hand."""

from __future__ import annotations

from typing import Any

# Routers here share two cores with everything else: a busy second is not a dead peer.
BGP: dict[str, Any] = {"as_numbers": {"rack-1": 64513, "rack-2": 64514}, "bfd": True, "bfd_interval": 3000}
FABRIC: dict[str, Any] = {"name": "fabric", "network": "10.94.0.0/16", "workers": 2, "racks": 2, "routers": 1}
"""The fields of a lab: three hosts in two racks, and a router host for each rack."""
ROUTED: dict[str, Any] = {
    "network": {"mode": "routed"},
    "bgp": {**BGP, "password": "hush", "ttl_security": True},
}
"""Variables of its inventory: BGP with everything it can have."""


def configure(*lines: str) -> str:
    """Shell that types lines into FRR's configuration."""
    return "vtysh -c 'configure terminal' " + " ".join(f"-c '{line}'" for line in lines)
