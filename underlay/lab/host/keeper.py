"""The keeper of one host: starts its init in new namespaces, logs its console, and restarts it on reboot.

Run as `python -S -m underlay.lab.host.keeper PLAN`, with the fewest imports possible: one such process stays for each
host. It is in the host's control group, so that killing the group ends the host.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import NoReturn, TypedDict

from . import steps, syscalls

REBOOT = 128 + signal.SIGHUP  # the kernel kills the init of a PID namespace with SIGHUP when it calls reboot(2)
CONSOLE_MAX = 1 << 20
CLEAR_ATTEMPTS = 100
_NAMESPACES = syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID | syscalls.CLONE_NEWUTS | syscalls.CLONE_NEWIPC
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "container": "lab", "TERM": "dumb"}


class KeeperPlan(TypedDict):
    """How to boot a host, as plain data, so that the keeper can reboot it alone."""

    hostname: str
    network: str  # path of its network namespace
    keeper_groups: list[str]  # control group directories, one in each hierarchy
    host_groups: list[str]
    root: str
    steps: list[list[str | int]]
    console: str


def main() -> None:
    """Read the plan, leave the caller's control groups and session, and run the host until it ends."""
    with open(sys.argv[1], encoding="utf-8") as file:
        plan: KeeperPlan = json.load(file)
    join(plan["keeper_groups"])
    if os.fork():
        os._exit(0)  # the caller waits for this process only
    os.closerange(3, 1024)  # the caller's locks, inherited until here
    while True:
        status = _run(plan)
        _log(plan["console"], f"[keeper] the host's init exited with status {status}\n".encode())
        if status != REBOOT:
            break
        clear(plan["host_groups"])


def _run(plan: KeeperPlan) -> int:
    master, slave = os.openpty()
    launcher = os.fork()
    if not launcher:
        _launch(plan, slave)
    watch = os.pidfd_open(launcher)
    try:
        while True:
            ready, _, _ = select.select([master, watch], [], [])
            if master in ready:
                _log(plan["console"], os.read(master, 65536))
            elif watch in ready:
                return os.waitstatus_to_exitcode(os.waitpid(launcher, 0)[1])
    finally:
        for descriptor in (master, slave, watch):
            os.close(descriptor)


def _launch(plan: KeeperPlan, console: int) -> NoReturn:
    """Stay outside the host's PID namespace, wait for its init and exit with its status."""
    try:
        syscalls.die_with_parent(signal.SIGKILL)
        syscalls.join_network(plan["network"])
        syscalls.unshare(_NAMESPACES)
        init = os.fork()
        if not init:
            _become_init(plan, console)
        code = os.waitstatus_to_exitcode(os.waitpid(init, 0)[1])
        os._exit(128 - code if code < 0 else code)
    except BaseException as error:
        _fail(console, error)


def _become_init(plan: KeeperPlan, console: int) -> NoReturn:
    try:
        syscalls.die_with_parent(signal.SIGKILL)
        join(plan["host_groups"])
        syscalls.unshare(syscalls.CLONE_NEWCGROUP)
        syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
        root = plan["root"]
        for step in steps.load(plan["steps"]):
            step.make(root)
        steps.MountStep(os.ttyname(console), "/dev/console", flags=syscalls.MS_BIND).make(root)
        socket.sethostname(plan["hostname"])
        nothing = os.open("/dev/null", os.O_RDONLY)
        syscalls.pivot_root(root)
        syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_SHARED)
        for number in (signal.SIGPIPE, signal.SIGINT):  # init would inherit Python's dispositions
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o022)
        os.dup2(nothing, 0)
        os.dup2(console, 1)
        os.dup2(console, 2)
        os.execve("/sbin/init", ["/sbin/init"], _ENVIRONMENT)  # noqa: S606
    except BaseException as error:
        _fail(console, error)


def join(groups: list[str]) -> None:
    """Move this process into control groups, one directory in each hierarchy."""
    for group in groups:
        with open(f"{group}/cgroup.procs", "w", encoding="ascii") as file:
            file.write("0")


def clear(groups: list[str]) -> None:
    """Remove all control groups below these, as a reboot of a machine does.

    A kubelet that finds some queries the container of each repeatedly, and starts nothing for a minute.
    """
    for _ in range(CLEAR_ATTEMPTS):  # a group stays busy a moment after its last process
        below = [d for group in groups for d, _, _ in os.walk(group, topdown=False) if d not in groups]
        if not below:
            return
        for directory in below:
            with suppress(OSError):
                os.rmdir(directory)
        time.sleep(0.02)


def _fail(console: int, error: BaseException) -> NoReturn:
    os.write(console, f"[keeper] the host cannot start: {error}\n".encode())
    os._exit(70)


def _log(path: str, text: bytes) -> None:
    with suppress(OSError):  # a full disk must not end the host
        with open(path, "ab") as file:
            file.write(text)
            full = file.tell() > CONSOLE_MAX
        if full:
            os.replace(path, f"{path}.old")


if __name__ == "__main__":
    main()
