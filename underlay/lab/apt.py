"""Install Debian packages that the lab needs on this machine."""

from underlay.lab.system.commands import installed, missing, run
from underlay.lab.system.progress import say


def install(*packages: str) -> None:
    """Install packages on this machine with apt-get, and say so."""
    if not installed("apt-get"):
        raise missing(packages[0])
    say(f"installing {', '.join(packages)} on this machine")
    environment = ("env", "DEBIAN_FRONTEND=noninteractive")
    run(*environment, "apt-get", "update", "-q", timeout=300)
    run(*environment, "apt-get", "install", "-qy", "--no-install-recommends", *packages, timeout=600)
