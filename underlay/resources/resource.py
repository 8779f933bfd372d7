"""The contract every kind of host state fulfils: observe, compare, apply, undo, check."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, Self


class Result(Protocol):
    """What a command left behind, as testinfra's CommandResult gives it."""

    @property
    def rc(self) -> int: ...
    @property
    def stdout(self) -> str: ...
    @property
    def stderr(self) -> str: ...


class Host(Protocol):
    """The part of testinfra's host that checks use."""

    def run(self, command: str, *args: str) -> Result: ...


@dataclass(frozen=True)
class Upload:
    """A file of the controller that a host needs before a resource can be applied."""

    source: Path
    sha256: str


class Question(Protocol):
    """What can be asked of a host; a resource is one, a probe of preflight another."""

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

    @classmethod
    def gather(cls, those: Sequence[Self]) -> str:
        """Shell that runs once before the fragments of a kind, where asking for all at once saves a process for each.

        It sets variables for them, and prints nothing. The fragments must do without it.
        """
        return ""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the resource is called among its kind: a path, a key, a package list."""

    @abstractmethod
    def observe(self) -> str:
        """Shell that prints one line saying how the host is now. It changes nothing and may exit with anything."""

    @abstractmethod
    def difference(self, seen: str) -> str | None:
        """What would change, given the observed line, as the end of a sentence ("0 -> 1"); None when all is well."""

    def impossible(self, seen: str) -> str | None:
        """Why no `apply` can make it so on this host, given the observed line: a sentence for preflight, or None."""
        return None

    @abstractmethod
    def apply(self) -> str:
        """Shell that makes it so; runs under `set -eu`, is atomic, and is harmless when run again."""

    def remove(self) -> str:
        """Shell that takes away what `apply` made, and only that; empty where there is nothing to take back."""
        return ""

    @abstractmethod
    def check(self, host: Host) -> str | None:
        """Ask a host by other means than `observe`; the sentence that says what is wrong, or None."""

    def uploads(self, seen: str) -> Sequence[Upload]:
        """Files of the controller that must be in the host's blob cache before `apply`, given the observed line."""
        return ()

    def follows(self, changed: Collection[str]) -> bool:
        """Whether a change of other resources, by their names, may leave this one behind; it is looked at again."""
        return False

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"

    def sentence(self, seen: str) -> str | None:
        """The whole sentence a person reads in a plan, e.g. "sysctl net.ipv4.ip_forward: 0 -> 1"."""
        change = self.difference(seen)
        return None if change is None else f"{self.title}: {change}"
