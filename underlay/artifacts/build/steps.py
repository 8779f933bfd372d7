"""Progress of a long build: a line for each step, with its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console

Say = Callable[[str], None]
_REMIND_SECONDS = 30.0


class Steps:
    """Prints steps to `stream` (stderr by default): a spinner on a terminal, plain lines elsewhere."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._console = Console(file=stream or sys.stderr, quiet=quiet, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Say]:
        """Time a block; the yielded function reports its progress."""
        began = last = time.monotonic()
        if not self._console.is_terminal:
            self.line(f"{title} ...")

            def remind(text: str) -> None:
                nonlocal last
                if time.monotonic() - last >= _REMIND_SECONDS:
                    last = time.monotonic()
                    self.line(f"  {title}: {text} ({_seconds(last - began)})")

            yield remind
        else:
            with self._console.status(title) as status:
                yield lambda text: status.update(f"{title}: {text} ({_seconds(time.monotonic() - began)})")
        self.line(f"{title}: {_seconds(time.monotonic() - began)}")

    def line(self, text: str) -> None:
        """Print one line, without interpreting brackets as markup."""
        self._console.print(text, markup=False)


def _seconds(elapsed: float) -> str:
    return f"{elapsed:.1f} s" if elapsed < 60 else f"{int(elapsed) // 60}:{int(elapsed) % 60:02d} min"
