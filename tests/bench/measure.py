"""Run commands and time them: variants in turn, so that a busy minute affects all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .memory import Peak

LIMIT_S = 3600.0


class BenchError(Exception):
    """A measurement that means nothing: a command failed, or did what it must not do."""


@dataclass(frozen=True)
class Run:
    """One run of a command: wall seconds, everything it printed, and, where watched, its peak memory in MB."""

    seconds: float
    output: str
    peak_mb: float = 0.0


@dataclass(frozen=True)
class Command:
    """What to run. `check` gets the output and gives the reason why the run does not count, or None."""

    label: str
    arguments: Sequence[str]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[str], str | None] = lambda _output: None

    def run(self, *, watch: bool = False) -> Run:
        """Run it to its end; with `watch` its process tree's memory is sampled, which costs some CPU.

        :raises BenchError: with the end of its output, when it fails or its check does.
        """
        with tempfile.TemporaryFile() as output:
            began = time.monotonic()
            process = subprocess.Popen(
                self.arguments, cwd=self.directory, env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                with Peak(process.pid, active=watch) as peak:
                    code = process.wait(LIMIT_S)
                seconds = time.monotonic() - began
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            output.seek(0)
            text = output.read().decode(errors="replace")
        reason = f"exit status {code}" if code else self.check(text)
        if reason:
            raise BenchError(f"{self.label}: {reason}\n" + "\n".join(text.splitlines()[-25:]))
        return Run(seconds, text, peak.megabytes)


def alternate(commands: Sequence[Command], *, runs: int) -> dict[str, list[Run]]:
    """`runs` counted runs of each command, A B A B; a warm-up is the caller's."""
    found: dict[str, list[Run]] = {command.label: [] for command in commands}
    for number in range(runs):
        for command in commands:
            found[command.label].append(command.run())
            say(f"{command.label}: run {number + 1} of {runs}, {found[command.label][-1].seconds:.2f} s")
    return found


def on_all(act: Callable[[str], object], names: Sequence[str]) -> None:
    """Do the same for each name at once; the first failure is raised after all have ended."""
    errors: list[Exception] = []

    def guarded(name: str) -> None:
        try:
            act(name)
        except (OSError, subprocess.SubprocessError, BenchError) as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def say(line: str) -> None:
    """One line of progress."""
    print(f"bench: {line}", file=sys.stderr, flush=True)
