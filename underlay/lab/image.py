"""The base image of all hosts: built once from its recipe, then shared by every lab."""

import shutil
import subprocess
import time
from pathlib import Path

from underlay.debian.sources import debian_mirrors
from underlay.lab.model import paths
from underlay.lab.model.errors import LabError
from underlay.lab.system.commands import installed, missing
from underlay.lab.system.locks import lock
from underlay.lab.system.progress import say

from . import apt, recipe

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def base() -> Path:
    """The base image's root directory; builds it if this recipe was never built here."""
    image = paths.images() / recipe.identity()
    if not image.is_dir():
        with lock("image"):
            if not image.is_dir():
                _build(image)
    return image


def _build(image: Path) -> None:
    started = time.monotonic()
    say(f"building the base image, Debian {recipe.SUITE} (once; half a minute with a near mirror)")
    for leftover in paths.images().glob(f"{recipe.SUITE}-*.building"):
        shutil.rmtree(leftover)
    install_needs()
    building = image.with_name(f"{image.name}.building")
    building.mkdir(parents=True)
    unpack(recipe.bootstrap(building, debian_mirrors(), KEYRING), what="base image")
    recipe.polish(building)
    building.rename(image)
    say(f"base image: done in {time.monotonic() - started:.0f} s, {image}")


def install_needs() -> None:
    """Have what unpacking Debian packages takes."""
    needs = [tool for tool in ("mmdebstrap", "unshare", "setpriv") if not installed(tool)]
    if not KEYRING.exists():
        needs.append("debian-archive-keyring")
    if needs:
        apt.install(*(need if "-" in need or need == "mmdebstrap" else "util-linux" for need in needs))
    if not installed("mmdebstrap"):
        raise missing("mmdebstrap")


def unpack(bootstrap: tuple[str, ...], *, what: str) -> None:
    """Run mmdebstrap and tell of its steps."""
    # In namespaces of its own, ended with this process: a killed build leaves neither processes nor mounts.
    wrapper = (*("setpriv", "--pdeathsig", "KILL"), "unshare", "--mount", "--pid", "--fork", "--kill-child")
    command = (*wrapper, "--mount-proc", *bootstrap)
    said: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        for line in process.stderr:
            said.append(line.strip())
            if line.startswith("I: "):
                say(f"{what}: {line[3:].strip()}")
    if process.returncode:
        raise LabError(f"the {what} cannot be built: {'; '.join(said[-3:])}")
