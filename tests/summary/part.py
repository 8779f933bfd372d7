"""Run a part of the tests and keep a record of it: `python -m tests.summary.part NAME [--tests] -- COMMAND...`.

--tests: the command is pytest's; its results are kept, too.
--or-none: with --tests, end well where no test is selected; `python -m tests.summary` then looks at all parts.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from underlay.lab.model.paths import home

from .built import contents, difference
from .record import Part, forget, junit

_IDLE = (3, 4, 7, 8, 9)  # idle, iowait, steal and (counted twice) guest in /proc/stat


def run(name: str, command: list[str], *, stat: Path = Path("/proc/stat")) -> Part:
    """Run a command, whose output passes through, and write down how it ended."""
    forget(name)
    began, clock, busy, before = time.time(), time.monotonic(), machine_seconds(stat), contents(home())
    earlier = _children_seconds()
    status = _status(command)
    part = Part(
        name=name,
        status=status,
        began=began,
        wall=time.monotonic() - clock,
        processor=_children_seconds() - earlier,
        machine=machine_seconds(stat) - busy,
        built=difference(before, contents(home())),
    )
    part.write()
    return part


def _children_seconds() -> float:
    """Processor seconds of all children of this process that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def machine_seconds(stat: Path) -> float:
    """Processor seconds that the machine spent on anything since it booted; 0 where it does not say."""
    try:
        ticks = [int(field) for field in stat.read_text().splitlines()[0].split()[1:]]
    except OSError:
        return 0
    return sum(count for place, count in enumerate(ticks) if place not in _IDLE) / os.sysconf("SC_CLK_TCK")


def _status(command: list[str]) -> int:
    """The exit status of a command, as a shell has it. Ctrl-C and SIGTERM end the command, and then this."""
    received: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def pass_on() -> None:
        # Ctrl-C the terminal sends to the command, too.
        if signal.SIGTERM in received:
            for process in started:
                process.terminate()

    def end(number: int, _: FrameType | None) -> None:
        received.append(number)
        pass_on()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    # Open files are left to the command: make's are among them.
    started.append(subprocess.Popen(command, close_fds=False))
    pass_on()
    code = started[0].wait()
    for first in received[:1]:
        signal.signal(first, signal.SIG_DFL)
        os.kill(os.getpid(), first)
    return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    """Run what the arguments name; the exit status is the command's."""
    at = arguments.index("--")
    name, options, command = arguments[0], arguments[1:at], arguments[at + 1 :]
    if "--tests" in options:
        command = [*command, f"--junitxml={junit(name)}"]
    part = run(name, command)
    return 0 if "--or-none" in options and part.selected_nothing else part.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
