"""The peak memory of a process and all its descendants, by looking often."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType

EVERY_S = 0.02
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


class Peak:
    """While entered, the largest sum of resident memory over a process tree; pages shared by two count twice."""

    def __init__(self, pid: int, *, active: bool = True) -> None:
        self.megabytes = 0.0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch) if active else None

    def __enter__(self) -> Peak:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(EVERY_S):
            self.megabytes = max(self.megabytes, _resident(self._pid))


def _resident(root: int) -> float:
    """MB resident in the tree below a process; a daemon that left the tree is not counted."""
    children: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            # After the name: state, parent, …; resident pages are the 24th field of the whole line.
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        pages[int(entry.name)] = int(fields[21])
    found, queue = 0, [root]
    while queue:
        pid = queue.pop()
        found += pages.get(pid, 0)
        queue += children.get(pid, ())
    return found * _PAGE_MB
