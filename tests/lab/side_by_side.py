"""Lab tests side by side: what shares a lab runs in one worker, and a test that measures time has the machine alone."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

import pytest

from .deployed import ROOT

# Labs that tests of several files deploy to, by the fixture's name.
SHARED = ("racks", "pair", "trio", "fabric", "bare", "restarted")
# Clusters that a file makes one of for each of its parameters.
_GROUNDS = "healthy"
_LOCKS = ROOT / ".cache"


def group_of(item: pytest.Item) -> str:
    """What a test has in common with those that may not run beside it: a lab, by its fixture, or its file."""
    fixtures = getattr(item, "fixturenames", ())
    if shared := next((name for name in SHARED if name in fixtures), None):
        return shared
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return str(parameters.get(_GROUNDS, item.path.stem))


@contextmanager
def admitted(*, alone: bool) -> Iterator[None]:
    """Hold a place on the machine for a test; `alone` waits until nobody else has one, and keeps others out."""
    _LOCKS.mkdir(exist_ok=True)
    with ExitStack() as stack:
        door, room = (stack.enter_context((_LOCKS / f"lab-tests-{name}.lock").open("w")) for name in ("door", "room"))
        # Whoever waits to be alone holds the door, so that nobody overtakes them.
        _lock(door)
        _lock(room, shared=not alone)
        if not alone:
            fcntl.flock(door, fcntl.LOCK_UN)
        yield


def _lock(file: IO[str], *, shared: bool = False) -> None:
    fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
