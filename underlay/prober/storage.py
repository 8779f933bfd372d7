"""How long the disk takes to make a write durable, as etcd does it at every commit."""

from __future__ import annotations

import os
import time

# About a WAL entry of etcd; as many as a moment allows.
_BYTES = 2300
_MOST, _SECONDS = 100, 0.6


def durable_writes(directory: str) -> list[float]:
    """Milliseconds that each fdatasync took, sorted; the file is gone afterwards."""
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
