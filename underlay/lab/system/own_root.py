"""Refuses a chroot: a host's containers would run there in the machine's root directory instead of their own."""

import ctypes
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from underlay.lab.model.errors import LabError

_CLONE_NEWNS = 0x00020000
_CHROOT = "chroot"


@cache
def refuse_chroot() -> None:
    """Return unless this process is in a chroot, which what enters a namespace of mounts leaves.

    :raises LabError: in a chroot.
    """
    command = [sys.executable, "-S", "-m", __name__]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    done = subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.stdout.strip() == _CHROOT:
        raise LabError(
            "lab: this is a chroot (whatever enters a container would land in the machine's own root directory); "
            "enter this root file system by pivot_root instead (docs/lab.md shows how), or use a virtual machine"
        )


def _is_moved_by_its_own_namespace() -> bool:
    """Join the mount namespace that this process is in: that takes it out of a chroot, and changes nothing else.

    Neither mountinfo nor /proc/1/root say it: a chroot into a mount point looks like a root, and 1 may be anybody.
    """
    processes, namespace = os.open("/proc", os.O_PATH), os.open("/proc/self/ns/mnt", os.O_RDONLY)
    before = _root(processes)
    joined = ctypes.CDLL(None).setns(namespace, _CLONE_NEWNS) == 0
    return joined and _root(processes) != before


def _root(processes: int) -> tuple[int, int, str]:
    """Which directory of which mount the root directory is; `processes` is /proc, which may be out of sight by now."""
    root = os.open("/", os.O_PATH)
    with os.fdopen(os.open(f"self/fdinfo/{root}", os.O_RDONLY, dir_fd=processes), encoding="utf-8") as lines:
        mount = next(line for line in lines if line.startswith("mnt_id:"))
    found = os.fstat(root)
    return found.st_dev, found.st_ino, mount


if __name__ == "__main__":
    print(_CHROOT if _is_moved_by_its_own_namespace() else "")
