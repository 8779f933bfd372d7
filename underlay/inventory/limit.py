"""`--limit`: which hosts a command is about, and what it leaves out. The same in every command that has it.

Hosts that a cluster cannot be known without are queried all the same: they answer, and nothing of theirs is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from underlay.findings.host_sets import name_hosts

from .errors import InvalidInventory, unknown


@dataclass(frozen=True)
class Limit:
    """`names` are the hosts that a command is about, `others` the rest of the inventory; without others it is all."""

    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.others)

    def __contains__(self, name: str) -> bool:
        return not self.others or name in self.names

    def left_out(self, what: str) -> str:
        """The line for what is left undone; empty where nothing is.

        :param what: as after "is", e.g. "planned".
        """
        if not self.others:
            return ""
        return f"limited to {name_hosts(self.names)}: not {what} on {name_hosts(self.others)}"


def limited(patterns: Iterable[str], hosts: Sequence[str], groups: Mapping[str, Collection[str]]) -> Limit:
    """The hosts of some names, groups and patterns; all of them without any.

    :raises InvalidInventory: with a line for each pattern that is no host's.
    """
    chosen: set[str] = set()
    problems = []
    for pattern in patterns:
        found = set(groups.get(pattern, ())) or {name for name in hosts if fnmatchcase(name, pattern)}
        if not found:
            problems.append(unknown("--limit", pattern, [*hosts, *groups], what="host"))
        chosen |= found
    if problems:
        raise InvalidInventory(problems)
    return of_names(chosen, hosts) if chosen else Limit()


def of_names(chosen: Collection[str], hosts: Sequence[str]) -> Limit:
    """The limit to hosts of these names, in the order of the inventory."""
    names = tuple(name for name in hosts if name in chosen)
    return Limit(names, tuple(name for name in hosts if name not in chosen))
