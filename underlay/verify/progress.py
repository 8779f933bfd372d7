"""How far a verification is, on standard error: whoever runs it captures the rest."""

from __future__ import annotations

import sys
import time

from underlay import progress

# Seconds between two lines.
INTERVAL_S = 5.0


def say(text: str) -> None:
    """One line, below the deploy's own; pytest replaces sys.stderr to capture it."""
    progress.say("verify", text, indent=4, stream=sys.__stderr__)


class CheckCounter:
    """Reports every few seconds how many checks have ended."""

    def __init__(self) -> None:
        self.ended = self.failed = self.total = 0
        self._reported = time.monotonic()

    def begin(self, total: int) -> None:
        self.total = total
        say(f"{total} checks")

    def end(self, *, failed: bool) -> None:
        self.ended += 1
        self.failed += failed
        if time.monotonic() - self._reported > INTERVAL_S:
            self._reported = time.monotonic()
            say(f"{self.ended} of {self.total} checks, {self.failed} failed")
