"""The disk, kernel and initrd of all virtual machines: built once, and never written to."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from underlay.debian.sources import debian_mirrors
from underlay.lab import apt
from underlay.lab.image import KEYRING, install_tools, unpack
from underlay.lab.model import paths
from underlay.lab.model.errors import LabError
from underlay.lab.recipe import SUITE
from underlay.lab.system.commands import installed, run
from underlay.lab.system.locks import lock
from underlay.lab.system.machine import Machine
from underlay.lab.system.progress import say, slow

from . import recipe

EMULATOR = "qemu-system-x86_64"


@dataclass(frozen=True)
class GuestImage:
    """The files of an image."""

    root: Path

    @property
    def disk(self) -> Path:
        """The root file system, raw ext4."""
        return self.root / "root.img"

    @property
    def kernel(self) -> Path:
        """The kernel, which the emulator loads."""
        return self.root / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """The initial RAM disk."""
        return self.root / "initrd"


def base(machine: Machine) -> GuestImage:
    """Return the image; it is built, and the emulator installed, if missing.

    :raises LabError: when that fails, or the machine is not x86_64.
    """
    if machine.architecture != "x86_64":
        raise LabError(f"lab: virtual machines require x86_64 (this machine is {machine.architecture})")
    image = GuestImage(paths.images() / recipe.identity())
    with lock("vm-image"):
        if not installed(EMULATOR):
            apt.install("qemu-system-x86")
        if not image.root.is_dir():
            _build(image)
    return image


def _build(image: GuestImage) -> None:
    started = time.monotonic()
    say(f"building the virtual machines' image, Debian {SUITE} with its own kernel (once)")
    for leftover in paths.images().glob("vm-*.building"):
        shutil.rmtree(leftover)
    install_tools()
    if not installed("mkfs.ext4"):
        apt.install("e2fsprogs")
    building = GuestImage(image.root.with_name(f"{image.root.name}.building"))
    tree, first = building.root / "tree", building.root / "first"
    tree.mkdir(parents=True)
    recipe.write_files(recipe.INITRD_FILES, first)
    unpack(recipe.bootstrap(tree, debian_mirrors(), KEYRING, first=first), what="virtual machines' image")
    recipe.polish(tree)
    for part, pattern in ((building.kernel, "vmlinuz-*"), (building.initrd, "initrd.img-*")):
        shutil.copyfile(next((tree / "boot").glob(pattern)), part)
    with slow("virtual machines' image: writing the file system"):
        filesystem = ("mkfs.ext4", "-q", "-F", "-L", "root", "-O", "^has_journal", "-d", str(tree))
        run(*filesystem, str(building.disk), recipe.SIZE, timeout=300)
    for done_with in (tree, first):
        shutil.rmtree(done_with)
    building.root.rename(image.root)
    say(f"virtual machines' image: done in {time.monotonic() - started:.0f} s, {image.root}")
