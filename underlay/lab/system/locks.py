"""Keep two commands from making the same thing at once; a killed one never blocks the next."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from underlay.lab.model import paths

from .progress import say

POLL_S = 0.03  # polled, not blocking: under gevent a blocking flock would stop every other host
TELL_AFTER_S = 2.0


_inherited: set[int] = set()


@contextmanager
def lock(name: str, *, shared: bool = False, by_children: bool = False) -> Iterator[None]:
    """Hold the lock called `name`, alone or shared, for the block; says so when it has to wait.

    The kernel lets go of it when the process ends, however it ends. The last one out removes the file.
    `by_children`: commands that this process runs hold it as well, so that nobody comes in between the kill of
    this process and the end of what it had started.
    """
    path = paths.locks() / f"{name}.lock"
    descriptor = _acquire(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    if by_children:
        _inherited.add(descriptor)
    try:
        yield
    finally:
        _inherited.discard(descriptor)
        _release(path, descriptor)


def inherited() -> tuple[int, ...]:
    """The descriptors that every command of ours is to hold."""
    return tuple(_inherited)


def forget(prefix: str) -> None:
    """Remove the files that killed commands left of locks which nobody can hold now."""
    for path in paths.locks().glob(f"{prefix}*.lock"):
        path.unlink()


def _acquire(path: Path, kind: int) -> int:
    started, told = time.monotonic(), False
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            continue  # its last holder removed the directory between the two lines
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            if _still_there(path, descriptor):
                return descriptor
            os.close(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            if not told and time.monotonic() - started > TELL_AFTER_S:
                told = True
                say(f"waiting for another command ({path.stem})")
            time.sleep(POLL_S)


def _release(path: Path, descriptor: int) -> None:
    with suppress(BlockingIOError):  # others share it
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _still_there(path, descriptor):  # ours alone: nobody else may remove it
            path.unlink()
    os.close(descriptor)
    with suppress(OSError):
        path.parent.rmdir()


def _still_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
