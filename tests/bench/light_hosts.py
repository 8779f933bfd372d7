"""A lab of light hosts (systemd and sshd, nothing else), fit to be kept by Ansible too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from underlay.lab import image, lifecycle
from underlay.lab.model import paths
from underlay.lab.model.topology import Lab

from .measure import Command, on_all, say
from .remote import LOG_EXECUTIONS, ssh

NAME = "bench"
NETWORK = "10.81.0.0/16"
_SHOWN = "/var/cache/bench-packages"
# Ansible needs the whole of Python and its apt.
_PREPARE = f"""\
set -eu
dpkg -s python3-apt >/dev/null 2>&1 || dpkg -i {_SHOWN}/*.deb >/dev/null
{LOG_EXECUTIONS}"""


def home() -> Path:
    """Where the bench keeps what it needs again."""
    return paths.home() / "bench"


@contextmanager
def light_hosts(count: int, *, keep: bool = False) -> Iterator[Lab]:
    """`count` hosts in a lab of their own, taken down in the end unless they are to be kept."""
    mounts = {_SHOWN: str(packages())}
    lab = Lab(NAME, control_planes=1, workers=count - 1, racks=2, network=NETWORK, mounts=mounts)
    try:
        say(f"booting {count} light hosts")
        lifecycle.up(lab)
        on_all(lambda name: ssh(lab, name, _PREPARE), [node.name for node in lab.nodes])
        yield lab
    finally:
        if not keep:
            lifecycle.down(lab.name)


def packages() -> Path:
    """Debian packages that Ansible's modules need and the base image has not, for the image's own release."""
    base = image.base()
    directory = home() / f"packages-{base.name}"
    if not directory.is_dir():
        say("fetching Debian packages for Ansible (once)")
        work = directory.with_suffix(".part")
        options = {
            "Dir::State": work / "state",
            "Dir::State::status": base / "var/lib/dpkg/status",
            "Dir::Cache": work / "cache",
            "Dir::Etc::sourcelist": base / "etc/apt/sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::trusted": image.KEYRING,
            "Acquire::Check-Valid-Until": "false",
            "APT::Sandbox::User": "root",
        }
        for part in ("state/lists/partial", "cache/archives/partial"):
            (work / part).mkdir(parents=True, exist_ok=True)
        apt = ("apt-get", "-q", *(a for key, value in options.items() for a in ("-o", f"{key}={value}")))
        Command("apt-get update", (*apt, "update"), Path("/")).run()
        download = ("install", "-y", "--no-install-recommends", "--download-only", "python3", "python3-apt")
        Command("apt-get install", (*apt, *download), Path("/")).run()
        (work / "cache/archives").rename(directory)
    return directory
