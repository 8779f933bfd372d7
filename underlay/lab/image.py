"""The base image of all hosts: built once from its recipe and shared by every lab."""

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
    """Return the base image's root directory; it is built if this recipe was not built here before.

    :raises LabError: when it cannot be built.
    """
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
    install_tools()
    building = image.with_name(f"{image.name}.building")
    building.mkdir(parents=True)
    unpack(recipe.bootstrap(building, debian_mirrors(), KEYRING), what="base image")
    recipe.polish(building)
    building.rename(image)
    say(f"base image: done in {time.monotonic() - started:.0f} s, {image}")


def install_tools() -> None:
    """Install the tools that unpack Debian packages, where they are missing."""
    needs = [tool for tool in ("mmdebstrap", "unshare", "setpriv") if not installed(tool)]
    if not KEYRING.exists():
        needs.append("debian-archive-keyring")
    if needs:
        apt.install(*(need if "-" in need or need == "mmdebstrap" else "util-linux" for need in needs))
    if not installed("mmdebstrap"):
        raise missing("mmdebstrap")


def unpack(bootstrap: tuple[str, ...], *, what: str) -> None:
    """Run the mmdebstrap command `bootstrap` and print its progress; `what` names the image.

    :raises LabError: when it fails.
    """
    # In its own namespaces, which end with this process: a killed build leaves no processes or mounts.
    wrapper = (*("setpriv", "--pdeathsig", "KILL"), "unshare", "--mount", "--pid", "--fork", "--kill-child")
    command = (*wrapper, "--mount-proc", *bootstrap)
    output: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stderr
        for line in process.stderr:
            output.append(line.strip())
            if line.startswith("I: "):
                say(f"{what}: {line[3:].strip()}")
    if process.returncode:
        raise LabError(
            f"{what}: cannot be built ({'; '.join(output[-3:])}); check that `apt-get update` works on this machine"
        )
