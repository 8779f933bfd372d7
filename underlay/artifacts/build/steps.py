"""Progress of a long build: a line for each step, with its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TextIO

from rich.console import Console
from rich.status import Status

Say = Callable[[str], None]
_REMIND_SECONDS = 30.0


class Steps:
    """Prints steps to `stream` (stderr by default): a spinner on a terminal, plain lines elsewhere.

    Steps can run side by side, each in its own thread.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._console = Console(file=stream or sys.stderr, quiet=quiet, highlight=False, soft_wrap=True)
        self._lock = Lock()
        self._running: dict[str, str] = {}
        self._spinner: Status | None = None

    @contextmanager
    def step(self, title: str) -> Iterator[Say]:
        """Time a block; the yielded function reports its progress."""
        began = time.monotonic()
        if not self._console.is_terminal:
            self.line(f"{title} ...")
            yield self._reminder(title, began)
        else:
            self._spin(title, title)
            try:
                yield lambda text: self._spin(title, f"{title}: {text} ({_seconds(time.monotonic() - began)})")
            finally:
                self._spin(title, None)
        self.line(f"{title}: {_seconds(time.monotonic() - began)}")

    def _reminder(self, title: str, began: float) -> Say:
        last = began

        def remind(text: str) -> None:
            nonlocal last
            if time.monotonic() - last >= _REMIND_SECONDS:
                last = time.monotonic()
                self.line(f"  {title}: {text} ({_seconds(last - began)})")

        return remind

    def _spin(self, title: str, text: str | None) -> None:
        """Show what a step does, below the steps that began before it; None when it has ended."""
        with self._lock:
            if text is None:
                del self._running[title]
            else:
                self._running[title] = text
            shown = "\n".join(self._running.values())
            if self._spinner is None:
                self._spinner = self._console.status(shown)
                self._spinner.start()
            elif shown:
                self._spinner.update(shown)
            else:
                self._spinner.stop()
                self._spinner = None

    def line(self, text: str) -> None:
        """Print one line, without interpreting brackets as markup."""
        self._console.print(text, markup=False)


def _seconds(elapsed: float) -> str:
    return f"{elapsed:.1f} s" if elapsed < 60 else f"{int(elapsed) // 60}:{int(elapsed) % 60:02d} min"
