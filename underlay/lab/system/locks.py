"""Locks between commands that run at the same time; a killed one does not block the next."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from underlay.lab.model import paths

from .progress import say

POLL_S = 0.03  # polled: under gevent a blocking flock would stop every other host
REPORT_AFTER_S = 2.0


_inherited: set[int] = set()


@contextmanager
def lock(name: str, *, shared: bool = False, by_children: bool = False) -> Iterator[None]:
    """Hold the lock called `name`, exclusive or shared, for the block; a longer wait is reported.

    The kernel releases it when the process ends, however it ends. The last holder removes the file.
    `by_children`: commands that this process runs hold it as well, so that it stays locked until they have ended if
    this process is killed.
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
    """Return the descriptors of locks that child processes inherit."""
    return tuple(_inherited)


def forget(prefix: str) -> None:
    """Remove lock files left by killed commands; the caller knows that nobody holds them."""
    for path in paths.locks().glob(f"{prefix}*.lock"):
        path.unlink()


def _acquire(path: Path, kind: int) -> int:
    started, reported = time.monotonic(), False
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            continue  # its last holder removed the directory meanwhile
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            if _still_there(path, descriptor):
                return descriptor
            os.close(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            if not reported and time.monotonic() - started > REPORT_AFTER_S:
                reported = True
                say(f"waiting for another command ({path.stem})")
            time.sleep(POLL_S)


def _release(path: Path, descriptor: int) -> None:
    with suppress(BlockingIOError):  # others hold it, shared
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _still_there(path, descriptor):  # exclusive: nobody else may remove it
            path.unlink()
    os.close(descriptor)
    with suppress(OSError):
        path.parent.rmdir()


def _still_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
