"""Control groups of hosts: made in every hierarchy, ended with one write, removed from the bottom up."""

import os
import time
from contextlib import suppress
from pathlib import Path

from underlay.lab.model import naming
from underlay.lab.model.errors import LabError
from underlay.lab.system.machine import Hierarchy, Machine

KEEPER, HOST = "keeper", "host"
GONE_TIMEOUT_S = 15.0


def prepare(machine: Machine, lab: str, node: str, *, memory: int | None) -> None:
    """Make a host's groups, one for what runs in it and one for its keeper beside.

    Beside and not above: a version 2 group with processes of its own cannot pass controllers on.
    """
    for hierarchy in machine.hierarchies:
        directory = hierarchy.mountpoint
        for step in ("", *naming.group(lab, node).split("/")):
            directory = directory / step
            _make(hierarchy, directory)
            if hierarchy.unified and not machine.legacy:
                _pass_controllers_on(directory)
        limit = directory / ("memory.max" if hierarchy.unified else "memory.limit_in_bytes")
        if memory and limit.exists():
            limit.write_text(str(memory))
        _make(hierarchy, directory / KEEPER)
        _make(hierarchy, directory / HOST)


def directories(machine: Machine, lab: str, node: str, part: str) -> list[str]:
    """One group's directory in each hierarchy."""
    return [str(h.mountpoint / naming.group(lab, node, part)) for h in machine.hierarchies]


def alive(machine: Machine, lab: str, node: str = "") -> bool:
    """Whether anything runs in a host, or in any host of a lab."""
    return _populated(machine.unified.mountpoint / naming.group(lab, node))


def kill(machine: Machine, lab: str, node: str = "") -> None:
    """End every process of a host, or of a whole lab, at once, and wait until they are gone."""
    group = machine.unified.mountpoint / naming.group(lab, node)
    if not group.is_dir():
        return
    give_up = time.monotonic() + GONE_TIMEOUT_S
    _kill(group)
    while _populated(group):
        if time.monotonic() > give_up:
            raise LabError(f"processes in {group} do not die: {_processes(group)}")
        time.sleep(0.02)
        _kill(group)  # again: something may have joined after the first time


def remove(machine: Machine, lab: str, node: str = "") -> None:
    """Remove the groups of a host or a lab, which nothing runs in any more, in every hierarchy."""
    for hierarchy in machine.hierarchies:
        top = hierarchy.mountpoint / naming.group(lab, node)
        give_up = time.monotonic() + GONE_TIMEOUT_S
        while top.is_dir() and not _remove_tree(top):  # a group stays busy a moment after its last process
            if time.monotonic() > give_up:
                raise LabError(f"control group {top} cannot be removed: {_processes(top)}")
            time.sleep(0.02)


def leave(machine: Machine) -> None:
    """Remove the group that held every lab, if none is left in it."""
    for hierarchy in machine.hierarchies:
        with suppress(OSError):
            (hierarchy.mountpoint / naming.group()).rmdir()


def members(machine: Machine, lab: str = "") -> list[str]:
    """The labs that have a group, or the hosts of one that have."""
    found: set[str] = set()
    for hierarchy in machine.hierarchies:
        with suppress(FileNotFoundError), os.scandir(hierarchy.mountpoint / naming.group(lab)) as entries:
            found.update(entry.name for entry in entries if entry.is_dir())
    return sorted(found)


def _make(hierarchy: Hierarchy, directory: Path) -> None:
    with suppress(FileExistsError):
        directory.mkdir()
    if "cpuset" in hierarchy.controllers and directory != hierarchy.mountpoint:
        for name in ("cpuset.cpus", "cpuset.mems"):  # empty in a new version 1 group, and then nothing may join
            (directory / name).write_text((directory.parent / name).read_text())


def _pass_controllers_on(directory: Path) -> None:
    wanted = set((directory / "cgroup.controllers").read_text().split())
    control = directory / "cgroup.subtree_control"
    lacking = sorted(wanted - set(control.read_text().split()))
    for controller in lacking:
        with suppress(OSError):  # a controller may be refused (real-time tasks and cpu); the others still count
            control.write_text(f"+{controller}")


def _kill(group: Path) -> None:
    try:
        (group / "cgroup.kill").write_text("1")
    except FileNotFoundError:
        if group.is_dir():
            raise LabError("this kernel cannot kill a control group; Linux 5.14 or newer can") from None


def _populated(group: Path) -> bool:
    try:
        return "populated 1" in (group / "cgroup.events").read_text()
    except (FileNotFoundError, OSError):
        return False


def _processes(group: Path) -> str:
    pids = []
    for directory, _, _ in os.walk(group):
        with suppress(OSError):
            pids += Path(directory, "cgroup.procs").read_text().split()
    return f"processes {' '.join(pids)}" if pids else "no process is left in it"


def _remove_tree(top: Path) -> bool:
    for directory, _, _ in os.walk(top, topdown=False):
        with suppress(OSError):
            os.rmdir(directory)
    return not top.is_dir()
