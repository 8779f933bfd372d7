"""The steps that assemble a host's root: computed by the command, executed in the host's mount namespace."""

import os
import uuid
from typing import NamedTuple

from . import syscalls


class MountStep(NamedTuple):
    """A mount below the host's root; a missing target is created."""

    source: str
    target: str
    kind: str = ""
    flags: int = 0
    data: str = ""

    def make(self, root: str) -> None:
        """Mount it; a read-only bind mount takes two calls."""
        target = root + self.target
        if not os.path.lexists(target):
            _make_target(target, bool(self.flags & syscalls.MS_BIND) and not os.path.isdir(self.source))
        syscalls.mount(self.source, target, self.kind, self.flags & ~_remount_flags(self.flags), self.data)
        if self.flags & syscalls.MS_BIND and self.flags & syscalls.MS_RDONLY:
            syscalls.mount("none", target, "", self.flags | syscalls.MS_REMOUNT)


class SymlinkStep(NamedTuple):
    """A symbolic link in a file system that starts empty."""

    path: str
    to: str

    def make(self, root: str) -> None:
        """Create it."""
        os.symlink(self.to, root + self.path)


class DeviceStep(NamedTuple):
    """A device node of the host's own, whose mode and owner it can change."""

    path: str
    mode: int
    number: int

    def make(self, root: str) -> None:
        """Create it, independent of the umask."""
        os.makedirs(os.path.dirname(root + self.path), exist_ok=True)
        os.mknod(root + self.path, self.mode, self.number)
        os.chmod(root + self.path, self.mode & 0o7777)


class ShadowStep(NamedTuple):
    """A file mounted over a sysctl that the kernel does not separate by namespace: the host gets its own copy."""

    sysctl: str
    file: str

    def make(self, root: str) -> None:
        """Start from the kernel's value, as a boot does; a sysctl that this namespace lacks is skipped."""
        target = f"{root}/proc/sys/{self.sysctl}"
        try:
            with open(target, "rb") as source:
                value = source.read()
        except OSError:
            return
        _bind_file(self.file, value, target)


class BootIdStep(NamedTuple):
    """A boot ID of the host's own, new at each boot."""

    file: str

    def make(self, root: str) -> None:
        """Mount a new one over the kernel's."""
        _bind_file(self.file, f"{uuid.uuid4()}\n".encode(), f"{root}/proc/sys/kernel/random/boot_id")


Step = MountStep | SymlinkStep | DeviceStep | ShadowStep | BootIdStep
_KINDS: dict[str, type[Step]] = {
    "Mount": MountStep,
    "Link": SymlinkStep,
    "Device": DeviceStep,
    "Shadow": ShadowStep,
    "BootId": BootIdStep,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def dump(steps: list[Step]) -> list[list[str | int]]:
    """Return steps as JSON data: `[kind, argument, ...]` for each."""
    return [[_NAMES[type(step)], *step] for step in steps]


def load(rows: list[list[str | int]]) -> list[Step]:
    """Return the steps of JSON data."""
    return [_KINDS[str(kind)](*arguments) for kind, *arguments in rows]  # type: ignore[arg-type]


def _remount_flags(flags: int) -> int:
    return syscalls.MS_RDONLY if flags & syscalls.MS_BIND else 0


def _make_target(path: str, is_file: bool) -> None:
    if is_file:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    else:
        os.makedirs(path)


def _bind_file(file: str, content: bytes, target: str) -> None:
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "wb") as copy:
        copy.write(content)
    syscalls.mount(file, target, "", syscalls.MS_BIND)
