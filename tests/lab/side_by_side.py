"""Lab tests side by side: what shares a lab runs in one worker, and a test that measures time has the machine alone."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import PurePath
from typing import IO

from xdist.scheduler import LoadScopeScheduling

from .deployed import ROOT

# Files that deploy to the same labs.
TOGETHER = {
    "fabric": ("test_bgp", "test_host_gw_racks"),
    "racks and pair": (
        "test_deploy",
        "test_interrupted",
        "test_policies",
        "test_refused",
        "test_report",
        "test_shapes",
    ),
}
_LOCKS = ROOT / ".cache"


def group_of(nodeid: str) -> str:
    """What runs in one worker, in its order: the tests of a file, or of all files that deploy to the same labs."""
    file = PurePath(nodeid.partition("::")[0]).stem
    return next((group for group, files in TOGETHER.items() if file in files), file)


class LabScheduling(LoadScopeScheduling):
    """A worker takes one group after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


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
