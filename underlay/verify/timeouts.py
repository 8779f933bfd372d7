"""How long a check waits for what comes by itself, before it calls it missing."""

from __future__ import annotations

import os

# Seconds. A cluster that was just deployed, on a slow machine, takes its time; UNDERLAY_PATIENCE sets another bound.
PATIENCE = float(os.environ.get("UNDERLAY_PATIENCE", "90"))
SETTLE = max(2, int(min(8, PATIENCE / 3)))
"""Until a node's packet filter and DNS know of a pod that is ready."""
