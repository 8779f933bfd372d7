"""A condition of a host, the remedy that preflight prints for it, and the following of that remedy to the letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .deployed import Deployed


@dataclass(frozen=True)
class Condition:
    """`made` is shell that brings it about on `host`, and `code` what preflight calls it.

    `remedy` matches the whole of what is printed to do: a group `command` of it is run on the
    host. Words without a command are carried out by `act`, and by `inventory`, its values literals of Python;
    both may name groups of `remedy` and of `measured`, which matches the whole of what was found.
    `ended` is shell that takes away what an inventory puts up with.
    """

    code: str
    host: str
    made: str
    remedy: str
    act: str = "{command}"
    measured: str = ".*"
    inventory: Mapping[str, Any] = field(default_factory=dict)
    ended: str = "true"

    def read(self, findings: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """The groups that its finding has."""
        own = [f for f in findings if f["code"] == self.code and self.host in f["hosts"]]
        groups = next((g for g in map(self._groups, own) if g is not None), None)
        assert groups is not None, f"{self.code} of {self.host}: {[(f['measured'], f['remedy']) for f in own]}"
        return groups

    def _groups(self, finding: Mapping[str, Any]) -> dict[str, str] | None:
        remedy = re.fullmatch(self.remedy, finding["remedy"])
        measured = re.fullmatch(self.measured, finding["measured"])
        return {**remedy.groupdict(), **measured.groupdict()} if remedy and measured else None


def findings(hosts: Deployed, **cluster: Any) -> list[dict[str, Any]]:
    """What preflight finds, and does not accept."""
    run = hosts.underlay("preflight", "--json", **cluster)
    return [f for f in run.document["findings"] if not f["accepted"]]


def walk(hosts: Deployed, conditions: Iterable[Condition], **cluster: Any) -> None:
    """Bring conditions about, all at once, and follow what is said to each until nothing is said any more."""
    made = tuple(conditions)
    _run(hosts, [(c.host, c.made) for c in made])
    found = findings(hosts, **cluster)
    assert {f["code"] for f in found} ^ {c.code for c in made} == set(), found
    remedies = [(c, c.read(found)) for c in made]
    _run(hosts, [(c.host, c.act.format(**groups)) for c, groups in remedies if not c.inventory])
    for condition, groups in remedies:
        cluster |= {k: v.format(**groups) if isinstance(v, str) else v for k, v in condition.inventory.items()}
    left = findings(hosts, **cluster)
    assert left == [], left
    _run(hosts, [(c.host, c.ended) for c in made if c.inventory])


def _run(hosts: Deployed, commands: Iterable[tuple[str, str]]) -> None:
    """Run commands on hosts, each host's together; every one has to end well."""
    by_host: dict[str, list[str]] = {}
    for host, command in commands:
        by_host.setdefault(host, []).append(command)
    for host, lines in by_host.items():
        hosts.ssh(host, "\n".join(["set -e", *lines]))
