"""A host of arm64, as far as one runs here: Debian's user space for it, each program run by qemu-user.

The kernel stays this machine's. Whoever executes a program of arm64 in its user namespace gets qemu, and `uname -m`
says aarch64; nothing is registered outside.
"""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

from tests.unit.local_host import Shell
from underlay.artifacts.home import home
from underlay.lab import apt
from underlay.lab.system.commands import run

PACKAGES = "base-files,coreutils,curl,dash,gzip,libc-bin,tar"
EMULATOR = "qemu-aarch64-static"
BINFMT_IN_NAMESPACES_SINCE = (6, 7)
# The first bytes of a program of arm64, and which of them count; F opens the emulator now, outside the root.
_MAGIC = r"\x7fELF\x02\x01\x01" + r"\x00" * 9 + r"\x02\x00\xb7\x00"
_MASK = r"\xff" * 7 + r"\x00" + r"\xff" * 8 + r"\xfe" + r"\xff" * 3
_ENTER = """\
#!/bin/sh
[ "$1" = inside ] || exec unshare --user --map-root-user --mount "$0" inside "$@"
shift
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf %s ':arm64:M::{magic}:{mask}:{emulator}:F' >/proc/sys/fs/binfmt_misc/register
{environment}
exec chroot {root} /bin/sh "$@"
"""


def has_emulation() -> bool:
    """Whether this kernel lets a user namespace say what runs its programs."""
    major, minor = platform.release().split(".")[:2]
    return (int(major), int(minor)) >= BINFMT_IN_NAMESPACES_SINCE


def arm64_host(directory: Path, environment: dict[str, str]) -> Shell:
    """A host whose root is below a directory; its programs have these variables."""
    if not shutil.which(EMULATOR):
        apt.install("qemu-user-static")
    root = directory / "root"
    run("cp", "-a", str(_user_space()), str(root))
    words = "\n".join(f"export {name}={value}" for name, value in environment.items())
    enter = directory / "enter"
    enter.write_text(
        _ENTER.format(magic=_MAGIC, mask=_MASK, emulator=shutil.which(EMULATOR), environment=words, root=root)
    )
    enter.chmod(0o755)
    return Shell(str(enter), directory)


def _user_space() -> Path:
    """Debian's packages for arm64, unpacked once on this machine."""
    kept = home() / "arm64"
    if not kept.is_dir():
        partial = kept.with_name(".arm64.partial")
        shutil.rmtree(partial, ignore_errors=True)
        without = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man")]
        options = ("--architectures=arm64", "--variant=extract", "--mode=root", "--format=directory")
        run("mmdebstrap", *options, f"--include={PACKAGES}", *without, "trixie", str(partial), timeout=600)
        partial.rename(kept)
    return kept
