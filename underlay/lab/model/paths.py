"""Where the lab keeps its files: below one root, and nowhere else."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_HOME = Path("/var/lib/underlay")


def home() -> Path:
    """The state root: UNDERLAY_HOME if set, else /var/lib/underlay."""
    return Path(os.environ.get("UNDERLAY_HOME") or DEFAULT_HOME).absolute()


def images() -> Path:
    """Base images and module lists, each named by the hash of its recipe; the only files that `down` keeps."""
    return home() / "images"


def labs() -> Path:
    """One directory for each lab that is up, or was not taken down."""
    return home() / "labs"


def locks() -> Path:
    """Lock files of running commands."""
    return home() / "locks"


@dataclass(frozen=True)
class NodePaths:
    """The files of one host, on the machine."""

    root: Path

    @property
    def upper(self) -> Path:
        """The host's disk: what it wrote over the base image."""
        return self.root / "upper"

    @property
    def work(self) -> Path:
        """The working directory of overlayfs, on the same file system as `upper`."""
        return self.root / "work"

    @property
    def mountpoint(self) -> Path:
        """Where the host's root is mounted, in its own mount namespace only."""
        return self.root / "root"

    @property
    def volumes(self) -> Path:
        """Directories that must not be on an overlay: container, kubelet and etcd data."""
        return self.root / "volumes"

    @property
    def shadows(self) -> Path:
        """The host's own copies of sysctls that the kernel does not separate by namespace."""
        return self.root / "sysctls"

    @property
    def plan(self) -> Path:
        """How to boot the host, for the keeper."""
        return self.root / "plan.json"

    @property
    def console(self) -> Path:
        """Output of the host's console and of its keeper."""
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
        """The private key for SSH to every host of the lab."""
        return self.keys / "client"

    @property
    def known_hosts(self) -> Path:
        """The host keys that this lab generated; SSH accepts no others."""
        return self.root / "known_hosts"

    @property
    def nodes(self) -> Path:
        """One directory for each host."""
        return self.root / "nodes"

    def node(self, name: str) -> NodePaths:
        """The files of one host."""
        return NodePaths(self.nodes / name)
