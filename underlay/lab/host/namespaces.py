"""The network namespaces of hosts and routers, under names that `ip netns` knows."""

import os
from contextlib import suppress
from pathlib import Path

from underlay.lab.model import naming
from underlay.lab.system.commands import run

from . import syscalls

DIRECTORY = Path("/run/netns")


def path(name: str) -> Path:
    """Where a namespace is held open."""
    return DIRECTORY / name


def usable(name: str) -> bool:
    """Whether a namespace is there and whole: a killed `ip netns add` leaves a plain file."""
    try:
        return path(name).stat().st_dev == Path("/proc/self/ns/net").stat().st_dev
    except FileNotFoundError:
        return False


def add(name: str) -> None:
    """Make a new, empty namespace, in place of any leftover of that name."""
    remove(name)
    run("ip", "netns", "add", name)


def remove(name: str) -> None:
    """Let go of a namespace; it ends with its last process."""
    with suppress(OSError):
        syscalls.unmount_lazily(str(path(name)))
    path(name).unlink(missing_ok=True)


def of_lab(lab: str) -> list[str]:
    """Every namespace that belongs to a lab, whoever left it."""
    names = os.listdir(DIRECTORY) if DIRECTORY.is_dir() else []
    return [name for name in names if name == naming.router(lab) or naming.node_of(name, lab)]
