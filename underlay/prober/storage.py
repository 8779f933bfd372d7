"""The latency of durable writes, which etcd makes at every commit."""

from __future__ import annotations

import os
import time

# About a WAL entry of etcd; as many as fit in the time.
_BYTES = 2300
_MOST, _SECONDS = 100, 0.6


def durable_writes(directory: str) -> list[float]:
    """Return the durations of fdatasync in milliseconds, sorted; the file is removed.

    :param directory: where to write; the nearest existing parent is used.
    :raises OSError: when nothing can be written there.
    """
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    path = os.path.join(directory, f".underlay-probe-{os.getpid()}")
    taken: list[float] = []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.unlink(path)
        until = time.monotonic() + _SECONDS
        while len(taken) < _MOST and time.monotonic() < until:
            os.write(descriptor, b"\0" * _BYTES)
            began = time.monotonic()
            os.fdatasync(descriptor)
            taken.append(round((time.monotonic() - began) * 1000, 3))
    finally:
        os.close(descriptor)
    return sorted(taken)
