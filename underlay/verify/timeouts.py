"""How long a verification waits for what takes a moment, before a check fails."""

from __future__ import annotations

import os

START_TIMEOUT_S = float(os.environ.get("UNDERLAY_PATIENCE", "90"))
"""For pods and what serves them: a cluster that was just deployed, on a slow machine, takes its time."""
CONVERGE_S = max(2, int(min(8, START_TIMEOUT_S / 3)))
"""Until a node's packet filter and DNS know of a pod that is ready."""
