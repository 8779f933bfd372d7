"""The end of a deploy's output: pyinfra's table of results, and the summary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .measure import BenchError

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_TOTAL = re.compile(r"^\s*Grand total +(\d+) +(\d+|-) +(\d+|-) +(\d+|-)", re.MULTILINE)


@dataclass(frozen=True)
class Summary:
    """The last lines of a deploy: `changed` is host -> steps that changed it, `phases` phase -> seconds, in order.

    `executions` are SSH executions on the host that had the most, `seconds` the deploy's own clock, which starts when
    it has read its inventory; `checks` how many were passed, 0 where verification was left out.
    """

    changed: Mapping[str, int]
    executions: int
    phases: Mapping[str, float]
    seconds: float
    checks: int


def read_summary(output: str) -> Summary:
    """
    :raises BenchError: when a line is missing: the run did not finish, or prints it in another form.
    """
    text = _COLOURS.sub("", output)
    changes, executions = _line(r"^changes: (.*); at most (\d+) SSH executions on a host$", text, "changes")
    phases, seconds = _line(r"^seconds: (.*); all ([\d.]+)$", text, "seconds")
    verified = re.search(r"; verified by (\d+) checks in ", text)
    return Summary(
        changed={} if changes == "none" else {n: int(v) for n, v in _pairs(changes)},
        executions=int(executions),
        phases={name: float(value) for name, value in _pairs(phases)},
        seconds=float(seconds),
        checks=int(verified[1]) if verified else 0,
    )


def changes_by_pyinfra(output: str) -> int:
    """Operations on hosts that changed something or failed, by the last line of pyinfra's table.

    :raises BenchError: when there is no table, or when its parts are not its whole.
    """
    found = _TOTAL.search(_COLOURS.sub("", output))
    if not found:
        raise BenchError("pyinfra printed no table of results")
    whole, success, error, same = (0 if cell == "-" else int(cell) for cell in found.groups())
    if success + error + same != whole:
        raise BenchError(f"pyinfra's table does not add up: {found[0].strip()}")
    return success + error


def unchanged(output: str) -> str | None:
    """Why a run of pyinfra was not one without changes; None when it was."""
    try:
        changed = changes_by_pyinfra(output)
    except BenchError as error:
        return str(error)
    return f"not a run without changes: {changed} in pyinfra's table" if changed else None


def _line(pattern: str, text: str, what: str) -> tuple[str, ...]:
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise BenchError(f"the deploy's summary has no line of its {what}")
    return found.groups()


def _pairs(text: str) -> list[tuple[str, str]]:
    """Prepare hosts 0.2, Join nodes 6.4 -> the names and the numbers."""
    return [(name, value) for name, _, value in (part.rpartition(" ") for part in text.split(", ") if part)]
