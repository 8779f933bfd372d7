"""What every kind of host state implements: observe, compare, apply, remove, check."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, Self

# A shell's exit status for a program that is not installed.
NO_COMMAND = 127


class Result(Protocol):
    """The result of a command, as testinfra's CommandResult gives it."""

    @property
    def rc(self) -> int: ...
    @property
    def stdout(self) -> str: ...
    @property
    def stderr(self) -> str: ...


class Host(Protocol):
    """The part of testinfra's host that checks use: arguments are quoted into the command's `%s`."""

    def run(self, command: str, *args: str) -> Result: ...


@dataclass(frozen=True)
class Upload:
    """A file of the controller that a host needs before a resource can be applied."""

    source: Path
    sha256: str


class Question(Protocol):
    """What a host can be queried for: a resource is one, a probe of preflight another."""

    @property
    def prelude(self) -> str: ...
    def observe(self) -> str: ...


class Resource(ABC):
    """One thing a host must have, or must not have.

    A kind is a frozen dataclass. Shell text it gives is POSIX sh, run as root. `prelude` holds functions that the
    fragments of the kind share; it is sent once, however many resources of the kind there are.
    """

    kind: ClassVar[str]
    prelude: ClassVar[str] = ""
    restorable: ClassVar[bool] = False
    """Whether a host's record says what was there before; see `restore`."""
    interrupts: ClassVar[bool] = False
    """Whether `apply` interrupts what serves, as a unit's restart does: a node that serves waits for its turn."""
    settles: ClassVar[bool] = False
    """Whether others work on after `apply`, and may take notice of a new node only then: it is applied once more."""

    @classmethod
    def gather(cls, resources: Sequence[Self]) -> str:
        """Shell that runs once before the fragments of a kind, where one query for all saves a process for each.

        It sets variables for them and prints nothing. The fragments must work without it.
        """
        return ""

    @property
    @abstractmethod
    def name(self) -> str:
        """What identifies the resource within its kind: a path, a key, a list of packages."""

    @abstractmethod
    def observe(self) -> str:
        """Shell that prints the current state as one line, and changes nothing.

        Another exit status than 0 says that the state is unknown; `u_why` may be set to the reason.
        """

    @abstractmethod
    def difference(self, observed: str) -> str | None:
        """What an apply would change, given the observed line ("0 -> 1"); None when the host is as declared."""

    def impossible(self, observed: str) -> str | None:
        """Why no `apply` can succeed on this host, given the observed line: a sentence for preflight, or None."""
        return None

    @abstractmethod
    def apply(self) -> str:
        """Shell that brings the host to the declared state: run under `set -eu`, atomic, idempotent."""

    def remove(self) -> str:
        """Shell that removes what `apply` made, and only that; empty where there is nothing to remove."""
        return ""

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        """Shell that gives back what was there before the first `apply`, for kinds that are `restorable`.

        It needs no resource: the inventory may declare another network by then. Idempotent; run under `set -eu`.

        :param name: the resource's. :param prior: the line it was observed as, before it was ever applied.
        :param kept: the directory that holds the files which were replaced, under their paths.
        """
        return ""

    @abstractmethod
    def check(self, host: Host) -> str | None:
        """Verify the host by other means than `observe`: `<where>: <what is wrong>`, or None."""

    def uploads(self, observed: str) -> Sequence[Upload]:
        """Files of the controller that must be in the host's blob cache before `apply`, given the observed line."""
        return ()

    def downloads(self, observed: str) -> Sequence[str]:
        """URLs that the host requests in `apply`, given the observed line; an image's is that of its manifest."""
        return ()

    def follows(self, changed: Collection[str]) -> bool:
        """Whether a change of other resources, by their names, may make this one outdated: it is observed again."""
        return False

    def replaces(self, observed: str) -> str | None:
        """The path of a file that is there and that `apply` replaces, given the observed line; None without one."""
        return None

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"

    def sentence(self, observed: str) -> str | None:
        """The line of a plan, e.g. "sysctl net.ipv4.ip_forward: 0 -> 1"; None when the host is as declared."""
        change = self.difference(observed)
        return None if change is None else f"{self.title}: {change}"
