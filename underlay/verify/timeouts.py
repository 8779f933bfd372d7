"""How long a verification waits for what takes a moment, before a check fails."""

from __future__ import annotations

from underlay.patience import START_TIMEOUT_S, stretched

__all__ = ["CONVERGE_S", "START_TIMEOUT_S"]

CONVERGE_S = max(2, int(min(stretched(8), START_TIMEOUT_S / 3)))
"""Until a node's packet filter and DNS know of a pod that is ready."""
