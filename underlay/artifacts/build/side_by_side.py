"""Runs parts of a build side by side: while one downloads, links or waits for one large package, another compiles."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from underlay.artifacts.error import ArtifactError

_GIB = 1 << 30


class Programs:
    """The programs that a build runs at the moment, so that all can be ended."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False

    @contextmanager
    def run(self, command: list[str], *, cwd: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
        """Run a program during the block, which reads its stderr; wait for its end.

        :raises ArtifactError: when the build has been ended.
        """
        with self._lock:
            if self._ended:
                raise ArtifactError("bundle", "the build was ended")
            process = subprocess.Popen(
                command, cwd=cwd, env=env, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
            )
            self._running.add(process)
        try:
            with process:
                yield process
        finally:
            with self._lock:
                self._running.discard(process)

    def end(self) -> None:
        """Terminate every program that runs, and start no other."""
        with self._lock:
            self._ended = True
            for process in self._running:
                process.terminate()


def run_side_by_side(parts: Sequence[Callable[[], None]], *, lanes: int, programs: Programs) -> None:
    """Run the parts in their order, `lanes` at a time; the first failure ends all, and is raised."""
    with ThreadPoolExecutor(lanes) as pool:
        futures = [pool.submit(part) for part in parts]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            programs.end()
            raise


def lanes_for(free: int, *, cores: int) -> int:
    """Return how many recipes are compiled at once with `free` bytes of memory: each runs a compiler on every core."""
    return 2 if cores > 1 and free >= (cores + 2) * 3 * _GIB // 2 else 1
