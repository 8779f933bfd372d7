"""How long what is slow may take before it counts as failed: one number, UNDERLAY_PATIENCE, for all such limits."""

from __future__ import annotations

import os

_USUAL_S = 90.0
START_TIMEOUT_S = float(os.environ.get("UNDERLAY_PATIENCE", _USUAL_S))
"""For pods and what serves them: a cluster that was just deployed, on a slow machine, takes its time."""


def stretched(seconds: float, *, patience_s: float = START_TIMEOUT_S) -> int:
    """A limit that is right for usual hosts, in seconds: longer in proportion with more patience, never shorter."""
    return int(seconds * max(1.0, patience_s / _USUAL_S))
