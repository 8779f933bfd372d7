"""How long what is slow to start may take, before it counts as failed."""

from __future__ import annotations

import os

START_TIMEOUT_S = float(os.environ.get("UNDERLAY_PATIENCE", "90"))
"""For pods and what serves them: a cluster that was just deployed, on a slow machine, takes its time."""
