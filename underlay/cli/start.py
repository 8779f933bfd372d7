"""What every command starts sooner by."""

from __future__ import annotations

import gc
from functools import cache
from importlib import metadata

# Objects more than are freed before Python looks for garbage: importing alone passes its own figure 150 times.
_OBJECTS = 50_000


def start_sooner() -> None:
    """Look for garbage less often, and at installed packages once: gevent and pyinfra look through all 35 times."""
    gc.set_threshold(_OBJECTS)
    if not hasattr(metadata.entry_points, "cache_info"):
        metadata.entry_points = cache(metadata.entry_points)  # type: ignore[assignment]
