"""Progress of what takes long, one line at a time. The standard library alone: the lab's keeper runs without more."""

from __future__ import annotations

import sys
from typing import TextIO

QUIET_S = 2.0
"""What takes less is not worth a line."""


def say(part: str, text: str, *, indent: int = 0, stream: TextIO | None = None) -> None:
    """One line on standard error: what is speaking, and what it does."""
    print(f"{' ' * indent}{part}: {text}", file=stream or sys.stderr, flush=True)
