"""Where the lab keeps what on disk: one root, nothing outside it."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_HOME = Path("/var/lib/underlay")


def home() -> Path:
    """The state root: UNDERLAY_HOME if set, else /var/lib/underlay."""
    return Path(os.environ.get("UNDERLAY_HOME") or DEFAULT_HOME).absolute()


def images() -> Path:
    """Base images and module lists, each under the hash of what made it; the only thing `down` leaves."""
    return home() / "images"


def labs() -> Path:
    """One directory for each lab that is up, or was when something crashed."""
    return home() / "labs"


def locks() -> Path:
    """Lock files of running commands."""
    return home() / "locks"


@dataclass(frozen=True)
class NodePaths:
    """The files of one host, as the machine sees them."""

    root: Path

    @property
    def upper(self) -> Path:
        """What the host wrote over the base image: its disk."""
        return self.root / "upper"

    @property
    def work(self) -> Path:
        """Overlayfs's own scratch directory, on the same file system as `upper`."""
        return self.root / "work"

    @property
    def mountpoint(self) -> Path:
        """Where the host's root is assembled, inside its own mount namespace only."""
        return self.root / "root"

    @property
    def volumes(self) -> Path:
        """Directories that must not lie on an overlay: container, kubelet and etcd data."""
        return self.root / "volumes"

    @property
    def shadows(self) -> Path:
        """The host's own copies of sysctls that the kernel keeps once for all."""
        return self.root / "sysctls"

    @property
    def plan(self) -> Path:
        """How to boot the host, for the keeper."""
        return self.root / "plan.json"

    @property
    def console(self) -> Path:
        """What the host printed on its console, and what the keeper had to say."""
        return self.root / "console.log"


@dataclass(frozen=True)
class LabPaths:
    """The files of one lab."""

    root: Path

    @classmethod
    def of(cls, name: str) -> "LabPaths":
        """The files of the lab called `name`."""
        return cls(labs() / name)

    @property
    def topology(self) -> Path:
        """The topology this lab was booted with."""
        return self.root / "topology.json"

    @property
    def keys(self) -> Path:
        """The lab's client key and the host keys of its hosts."""
        return self.root / "keys"

    @property
    def client_key(self) -> Path:
        """The private key that opens every host of the lab."""
        return self.keys / "client"

    @property
    def known_hosts(self) -> Path:
        """The host keys this lab generated, for SSH to insist on."""
        return self.root / "known_hosts"

    @property
    def nodes(self) -> Path:
        """One directory a host."""
        return self.root / "nodes"

    def node(self, name: str) -> NodePaths:
        """The files of one host."""
        return NodePaths(self.nodes / name)
