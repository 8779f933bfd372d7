"""System calls for hosts that Python 3.11 has no functions for; they raise OSError."""

import ctypes
import os

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE, MS_SHARED = 4096, 16384, 1 << 18, 1 << 20
MNT_DETACH = 2
CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x00020000, 0x02000000, 0x04000000
CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = 0x08000000, 0x20000000, 0x40000000
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    _call("mount", source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode(), at=target)


def unmount_lazily(target: str) -> None:
    """umount2(2) with MNT_DETACH: detach now, unmount when nothing uses it."""
    _call("umount2", target.encode(), MNT_DETACH, at=target)


def pivot_root(new_root: str) -> None:
    """pivot_root(2): make `new_root` this mount namespace's root and drop the old one."""
    os.chdir(new_root)
    _call("pivot_root", b".", b".", at=new_root)  # both stacked on "/": the old root needs no directory
    unmount_lazily(".")
    os.chdir("/")


def unshare(namespaces: int) -> None:
    """unshare(2)."""
    _call("unshare", namespaces, at="namespaces")


def join_network(path: str) -> None:
    """setns(2) into the network namespace at `path`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call("setns", descriptor, CLONE_NEWNET, at=path)
    finally:
        os.close(descriptor)


def die_with_parent(signal: int) -> None:
    """prctl(2): get `signal` when the parent process ends."""
    _call("prctl", _PR_SET_PDEATHSIG, ctypes.c_ulong(signal), at="parent")


def _call(name: str, *arguments: object, at: str) -> None:
    if getattr(_libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}", at)
