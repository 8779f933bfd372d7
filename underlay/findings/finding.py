"""What preflight finds: a code that never changes its meaning, what was measured, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from . import host_sets
from .codes import CODES, Severity

Problems = Iterator[tuple[str, str]]
"""Code of a finding and its sentence, `what was measured; what to do`."""


class Verdict(StrEnum):
    """The verdict of preflight."""

    FIT = "fit"
    WARNED = "fit, with warnings"
    REFUSED = "refused"


@dataclass(frozen=True)
class Finding:
    """`where` is a host, or the hosts and pairs concerned in words; `hosts` are their names.

    `measured` says what is, and what is needed; `remedy` what to do; `accepted` is the inventory's reason to accept it.
    """

    code: str
    where: str
    measured: str
    remedy: str
    hosts: tuple[str, ...] = ()
    accepted: str = ""

    @property
    def severity(self) -> Severity:
        return CODES[self.code].severity

    @property
    def refuses(self) -> bool:
        return self.severity is Severity.REFUSES and not self.accepted

    @property
    def text(self) -> str:
        """`what was measured; what to do`."""
        return f"{self.measured}; {self.remedy}" if self.remedy else self.measured

    @property
    def line(self) -> str:
        """`w-1: what was measured; what to do`."""
        return f"{self.where}: {self.text}"

    def as_dict(self) -> dict[str, object]:
        """For JSON; `cause` is the likely cause, by the code."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "where": self.where,
            "hosts": list(self.hosts or (self.where,)),
            "measured": self.measured,
            "cause": CODES[self.code].cause,
            "remedy": self.remedy,
            "accepted": self.accepted,
        }


def of_host(code: str, host: str, sentence: str) -> Finding:
    """A finding about one host, out of a sentence `what was measured; what to do`."""
    measured, _, remedy = sentence.partition("; ")
    return Finding(code, host, measured, remedy, (host,))


def accept(findings: Iterable[Finding], accepted: Mapping[str, str]) -> list[Finding]:
    """The findings, gravest first, those that the inventory accepts last and with its reason.

    :param accepted: code -> reason."""
    order = list(Severity)
    known = (replace(f, accepted=accepted.get(f.code, "")) for f in _joined(findings))
    return sorted(known, key=lambda f: (bool(f.accepted), order.index(f.severity)))


def _joined(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The same finding about many hosts becomes one."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.measured, finding.remedy), []).append(finding)
    for first, *others in groups.values():
        if not others:
            yield first
            continue
        names = tuple(dict.fromkeys(h for f in (first, *others) for h in f.hosts or (f.where,)))
        yield replace(first, where=host_sets.name_hosts(names), hosts=names)


def refusals(findings: Iterable[Finding]) -> list[str]:
    """The lines of those that stop a deploy."""
    return [f.line for f in findings if f.refuses]


def verdict(findings: Iterable[Finding]) -> Verdict:
    found = list(findings)
    if any(f.refuses for f in found):
        return Verdict.REFUSED
    warned = any(f.severity is Severity.WARNS and not f.accepted for f in found)
    return Verdict.WARNED if warned else Verdict.FIT
