"""How far a verification is, on standard error: whoever runs it captures the rest."""

from __future__ import annotations

import sys
import time

# Seconds between two lines.
EVERY = 5.0


def say(text: str) -> None:
    print(f"    verify: {text}", file=sys.__stderr__, flush=True)


class Progress:
    """Tells every few seconds how many checks have ended."""

    def __init__(self) -> None:
        self.ended = self.failed = self.total = 0
        self._told = time.monotonic()

    def begin(self, total: int) -> None:
        self.total = total
        say(f"{total} checks")

    def end(self, *, failed: bool) -> None:
        self.ended += 1
        self.failed += failed
        if time.monotonic() - self._told > EVERY:
            self._told = time.monotonic()
            say(f"{self.ended} of {self.total} checks, {self.failed} failed")
