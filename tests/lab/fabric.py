"""BGP as the tests' fabrics have it, and how its routers are told something by hand."""

from __future__ import annotations

from typing import Any

# Routers here share two cores with everything else: a busy second is not a dead peer.
BGP: dict[str, Any] = {"as_numbers": {"rack-1": 64513, "rack-2": 64514}, "bfd": True, "bfd_interval": 3000}


def configure(*lines: str) -> str:
    """Shell that types lines into FRR's configuration."""
    return "vtysh -c 'configure terminal' " + " ".join(f"-c '{line}'" for line in lines)
