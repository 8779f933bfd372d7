"""What labs leave on the machine, so that a test can show that nothing is left."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from underlay.lab import borrowed
from underlay.lab.model import paths
from underlay.lab.model.topology import Lab
from underlay.lab.system.machine import this_machine

MINE = Lab("t1", network="10.71.0.0/16")
OTHER = Lab("t2", network="10.72.0.0/16", workers=0)


def traces() -> set[str]:
    """Everything a lab may leave on the machine."""

    def lines(*command: str) -> list[str]:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    groups = [str(path) for h in this_machine().hierarchies for path in h.mountpoint.glob("underlay/**/")]
    processes = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if ") Z " in (process / "stat").read_text():
                continue  # dead; the machine's PID 1 buries it in its own time
            if (
                "/underlay/" in (process / "cgroup").read_text()
                or b"underlay.lab.host.keeper" in (process / "cmdline").read_bytes()
            ):
                processes.append(f"process {process.name} {(process / 'cgroup').read_text().splitlines()[-1]}")
        except (FileNotFoundError, ProcessLookupError):
            continue
    return {
        *(f"namespace {line.split()[0]}" for line in lines("ip", "netns")),
        *(f"link {line.split()[0]}" for line in lines("ip", "-br", "link")),
        *(f"route {line}" for line in lines("ip", "route", "show", "table", "all")),
        *(f"mount {line.split()[4]}" for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        *(f"group {group}/" for group in groups),
        *processes,
        *(f"sysctl {name} {Path('/proc/sys', name).read_text().strip()}" for name in borrowed.RAISED),
        *(f"file {path}" for path in paths.labs().glob("*")),
        *(f"file {path}" for path in paths.locks().glob("*")),
    }


def left_since(before: set[str]) -> set[str]:
    """What has been left since; only what bears our labs' names if others were up then or are now."""
    found = traces()
    new = found - before
    others = {trace for trace in found | before if trace.startswith(f"file {paths.labs()}/")} - {
        f"file {paths.labs() / lab.name}" for lab in (MINE, OTHER)
    }
    ours = re.compile(r"underlay[-/]t[12]\b|ul-t[12]\b|lab-t[12]\b|/labs/t[12]\b|10\.7[12]\.")
    return {trace for trace in new if ours.search(trace)} if others else new
