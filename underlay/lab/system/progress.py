"""Progress of what takes long: plain lines on stderr, none for what is quick."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from underlay import progress
from underlay.progress import QUIET_S


def say(line: str) -> None:
    """Print a line of progress."""
    progress.say("lab", line)


@contextmanager
def slow(what: str, *, end: bool = True) -> Iterator[None]:
    """Report the block if it takes longer than QUIET_S, and its end if `end` is set."""
    announced = threading.Event()

    def announce() -> None:
        announced.set()
        say(f"{what} ...")

    timer = threading.Timer(QUIET_S, announce)
    timer.daemon = True
    timer.start()
    started = time.monotonic()
    try:
        yield
    finally:
        timer.cancel()
    if end and announced.is_set():
        say(f"{what}: done in {time.monotonic() - started:.1f} s")
