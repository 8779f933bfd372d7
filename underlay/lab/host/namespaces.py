"""Network namespaces of hosts and routers, under names that `ip netns` lists."""

import os
from contextlib import suppress
from pathlib import Path

from underlay.lab.model import naming
from underlay.lab.system.commands import run

from . import syscalls

DIRECTORY = Path("/run/netns")


def path(name: str) -> Path:
    """Return the path that keeps a namespace open."""
    return DIRECTORY / name


def usable(name: str) -> bool:
    """Return whether a namespace exists; a killed `ip netns add` leaves a plain file instead."""
    try:
        return path(name).stat().st_dev == Path("/proc/self/ns/net").stat().st_dev
    except FileNotFoundError:
        return False


def add(name: str) -> None:
    """Create an empty namespace, replacing any leftover of that name."""
    remove(name)
    run("ip", "netns", "add", name)


def remove(name: str) -> None:
    """Remove the name of a namespace, which ends with its last process."""
    with suppress(OSError):
        syscalls.unmount_lazily(str(path(name)))
    path(name).unlink(missing_ok=True)


def of_lab(lab: str) -> list[str]:
    """Return the names of all namespaces of a lab."""
    names = os.listdir(DIRECTORY) if DIRECTORY.is_dir() else []
    return [name for name in names if name == naming.router(lab) or naming.node_of(name, lab)]
