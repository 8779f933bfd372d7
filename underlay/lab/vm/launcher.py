"""Runs the emulator in the lab's control groups and network: `python -S -m underlay.lab.vm.launcher PLAN`.

It joins the control groups first, so that from then on ending the lab ends it, too.
"""

import json
import os
import sys
from typing import TypedDict

from underlay.lab.host import syscalls
from underlay.lab.host.keeper import join


class LauncherPlan(TypedDict):
    """Control group directories, the path of the network namespace, a directory for temporary files, the command."""

    groups: list[str]
    network: str
    scratch: str
    command: list[str]


def main() -> None:
    """Read the plan and exec the emulator, which reports whether it started and then detaches itself."""
    with open(sys.argv[1], encoding="utf-8") as file:
        plan: LauncherPlan = json.load(file)
    join(plan["groups"])
    os.closerange(3, 1024)  # the caller's locks, inherited until here
    syscalls.join_network(plan["network"])
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": plan["scratch"]}
    os.execvpe(plan["command"][0], plan["command"], environment)  # noqa: S606


if __name__ == "__main__":
    main()
