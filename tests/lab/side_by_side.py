"""Lab tests side by side: what shares a lab runs in one worker, heavy phases do not starve one another, and a test
that measures time has the machine alone.

Locks are the machine's, not the checkout's: two runs of all tests keep out of one another's way.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePath
from typing import IO, Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# What shares a cluster of its shape: files, or the part of a file that has several labs.
TOGETHER = {
    "fabric": ("test_bgp", "test_mutations, routed by BGP"),
    "three hosts in two racks": ("test_deploy", "test_mutations, flannel-vxlan", "test_rollout"),
    "two hosts on a segment": (
        *("test_interrupted", "test_policies", "test_policies_of_the_cluster"),
        *("test_reboot", "test_report"),
    ),
    "two hosts that are broken": ("test_attempts", "test_broken_members"),
    "one control-plane host": (
        *("test_access", "test_calico_schema", "test_cilium_crds"),
        *("test_release", "test_renewal", "test_unanswered"),
    ),
}
# Files that have several labs; their tests' parameters begin with the name of one, and a colon.
SEVERAL = ("test_modes", "test_mutations")
# What takes longest begins first.
LONGEST = (
    "three hosts in two racks",
    "fabric",
    "test_preflight",
    "test_mutations, flannel-vxlan dual stack, one segment",
    "two hosts on a segment",
    "test_shapes",
)
# What measures time has the machine alone, once all others are done.
ALONE = ("test_lab_hosts", "test_uplink")
_LOCKS = Path(tempfile.gettempdir()) / f"underlay-tests-{os.getuid()}"


def group_of(nodeid: str) -> str:
    """What runs in one worker, in its order: the tests of a lab."""
    path, _, test = nodeid.partition("::")
    file = PurePath(path).stem
    lab = test.partition("[")[2].partition(": ")[0]
    part = f"{file}, {lab}" if file in SEVERAL else file
    return next((group for group, parts in TOGETHER.items() if part in parts), part)


def place_of(group: str) -> tuple[int, str]:
    """Where a group stands in the queue: the longest first, those that want the machine alone last."""
    places = [*LONGEST, "", *ALONE]
    return places.index(group if group in places else ""), group


class LabScheduling(LoadScopeScheduling):
    """A worker takes one group after the other, in the order of the collection."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


class Admission:
    """The place on the machine that a worker's test has; one that measures time waits until nobody else has one."""

    def __init__(self) -> None:
        self._door, self._room = _file("door"), _file("room")
        self._alone = False

    def enter(self, *, alone: bool) -> None:
        if alone and self._alone:
            return
        # Whoever waits to be alone holds the door, so that nobody overtakes them.
        fcntl.flock(self._door, fcntl.LOCK_EX)
        fcntl.flock(self._room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(self._door, fcntl.LOCK_UN)
        self._alone = alone

    def leave(self, *, stay_alone: bool) -> None:
        """:param stay_alone: whether the next test of this worker wants to be alone too: nobody comes between."""
        self._alone = self._alone and stay_alone
        if not self._alone:
            for file in (self._room, self._door):
                fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def heavy() -> Iterator[None]:
    """Hold one of as many places as there are cores, for what keeps a core busy: a deploy, a compiler."""
    with ExitStack() as stack:
        places = [stack.enter_context(_file(f"core-{number}")) for number in range(os.cpu_count() or 1)]
        while not any(_taken(place) for place in places):
            time.sleep(0.1)
        yield


def _file(name: str) -> IO[str]:
    _LOCKS.mkdir(exist_ok=True)
    return (_LOCKS / f"{name}.lock").open("w")


def _taken(place: IO[str]) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
