"""Control groups of hosts: created in every hierarchy, killed with one write, removed from the bottom up."""

import os
import time
from contextlib import suppress
from pathlib import Path

from underlay.lab.model import naming
from underlay.lab.model.errors import LabError
from underlay.lab.system.machine import Hierarchy, Machine

KEEPER, HOST = "keeper", "host"
REMOVE_TIMEOUT_S = 15.0
MOST_WEIGHT = 100  # hosts; the kernel takes no larger weight


def prepare(machine: Machine, lab: str, node: str, *, memory: int | None) -> None:
    """Create a host's groups: one for what runs in it, and one for its keeper.

    They are siblings, because a version 2 group with processes of its own cannot delegate controllers.

    :param memory: a limit in bytes.
    """
    for hierarchy in machine.hierarchies:
        directory = hierarchy.mountpoint
        for step in ("", *naming.group(lab, node).split("/")):
            directory = directory / step
            _make(hierarchy, directory)
            if hierarchy.unified and not machine.legacy:
                _delegate_controllers(directory)
        limit = directory / ("memory.max" if hierarchy.unified else "memory.limit_in_bytes")
        if memory and limit.exists():
            limit.write_text(str(memory), encoding="utf-8")
        _make(hierarchy, directory / KEEPER)
        _make(hierarchy, directory / HOST)
    _weigh(machine, lab)


def directories(machine: Machine, lab: str, node: str, part: str) -> list[str]:
    """Return a group's directory in each hierarchy."""
    return [str(h.mountpoint / naming.group(lab, node, part)) for h in machine.hierarchies]


def alive(machine: Machine, lab: str, node: str = "") -> bool:
    """Return whether anything runs in a host, or in any host of a lab."""
    return _populated(machine.unified.mountpoint / naming.group(lab, node))


def kill(machine: Machine, lab: str, node: str = "") -> None:
    """Kill every process of a host, or of a whole lab, and wait until they have ended.

    :raises LabError: when processes do not end, or the kernel cannot kill a group.
    """
    group = machine.unified.mountpoint / naming.group(lab, node)
    if not group.is_dir():
        return
    deadline = time.monotonic() + REMOVE_TIMEOUT_S
    _kill(group)
    while _populated(group):
        if time.monotonic() > deadline:
            raise LabError(f"{group}: processes do not end ({_processes(group)})")
        time.sleep(0.02)
        _kill(group)  # again: a process may have joined meanwhile


def remove(machine: Machine, lab: str, node: str = "") -> None:
    """Remove the groups of a host or a lab in every hierarchy; nothing runs in them any more.

    :raises LabError: when a group stays busy.
    """
    for hierarchy in machine.hierarchies:
        top = hierarchy.mountpoint / naming.group(lab, node)
        deadline = time.monotonic() + REMOVE_TIMEOUT_S
        while top.is_dir() and not _remove_tree(top):  # a group stays busy a moment after its last process
            if time.monotonic() > deadline:
                raise LabError(f"{top}: control group cannot be removed ({_processes(top)})")
            time.sleep(0.02)


def leave(machine: Machine) -> None:
    """Remove the parent group of all labs, if it is empty."""
    for hierarchy in machine.hierarchies:
        with suppress(OSError):
            (hierarchy.mountpoint / naming.group()).rmdir()


def members(machine: Machine, lab: str = "") -> list[str]:
    """Return the labs that have a group, or the hosts of one lab that have."""
    found: set[str] = set()
    for hierarchy in machine.hierarchies:
        with suppress(FileNotFoundError), os.scandir(hierarchy.mountpoint / naming.group(lab)) as entries:
            found.update(entry.name for entry in entries if entry.is_dir())
    return sorted(found)


def _make(hierarchy: Hierarchy, directory: Path) -> None:
    with suppress(FileExistsError):
        directory.mkdir()
    if "cpuset" in hierarchy.controllers and directory != hierarchy.mountpoint:
        for name in ("cpuset.cpus", "cpuset.mems"):  # empty in a new version 1 group, which no process can join then
            (directory / name).write_text((directory.parent / name).read_text(encoding="utf-8"), encoding="utf-8")


def _weigh(machine: Machine, lab: str) -> None:
    """Give a lab a process's share of processor time for each of its hosts, and all labs two for each core.

    Without it all of them have as much as a single other process of the machine, and starve beside a compiler; with
    more, whoever deploys to them starves.
    """
    hosts = {name: len(members(machine, name)) for name in members(machine)}
    together = min(sum(hosts.values()), 2 * (os.cpu_count() or 1))
    for hierarchy in machine.hierarchies:
        file, share = ("cpu.weight", 100) if hierarchy.unified else ("cpu.shares", 1024)
        for group, count in ((naming.group(lab), hosts.get(lab, 1)), (naming.group(), together)):
            path = hierarchy.mountpoint / group / file
            if path.exists():
                path.write_text(str(share * min(count, MOST_WEIGHT)), encoding="utf-8")


def _delegate_controllers(directory: Path) -> None:
    available = set((directory / "cgroup.controllers").read_text(encoding="utf-8").split())
    control = directory / "cgroup.subtree_control"
    missing = sorted(available - set(control.read_text(encoding="utf-8").split()))
    for controller in missing:
        with suppress(OSError):  # the kernel can refuse one (cpu, with real-time tasks); the others are still delegated
            control.write_text(f"+{controller}", encoding="utf-8")


def _kill(group: Path) -> None:
    try:
        (group / "cgroup.kill").write_text("1", encoding="utf-8")
    except FileNotFoundError:
        if group.is_dir():
            raise LabError("lab: this kernel cannot kill a control group; use Linux 5.14 or newer") from None


def _populated(group: Path) -> bool:
    try:
        return "populated 1" in (group / "cgroup.events").read_text(encoding="utf-8")
    except (FileNotFoundError, OSError):
        return False


def _processes(group: Path) -> str:
    pids = []
    for directory, _, _ in os.walk(group):
        with suppress(OSError):
            pids += Path(directory, "cgroup.procs").read_text(encoding="utf-8").split()
    return f"processes {' '.join(pids)}" if pids else "no process in it"


def _remove_tree(top: Path) -> bool:
    for directory, _, _ in os.walk(top, topdown=False):
        with suppress(OSError):
            os.rmdir(directory)
    return not top.is_dir()
