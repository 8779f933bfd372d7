"""Feature gates of Kubernetes: a component does not start with one that it does not know, or may not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from .errors import nearest, show

Minor = tuple[int, int]
# The version that the list is of; a gate that it lacks may have been removed since an earlier one.
_LISTED: Minor = (1, 37)


def gate_problems(where: str, gates: Any, kubernetes: Minor) -> Iterator[str]:
    """Why a component of this version refuses `featureGates`."""
    known = _gates()
    for name, value in gates.items() if isinstance(gates, Mapping) else ():
        if name not in known:
            if kubernetes >= _LISTED:
                near = nearest(str(name), known)
                remedy = f"did you mean {near}?" if near else "remove it"
                yield f"{where}.{name}: Kubernetes {_text(kubernetes)} has no such feature gate; {remedy}"
            continue
        since, locked_since, locked = known[name]
        if kubernetes < since:
            yield f"{where}.{name}: there since Kubernetes {_text(since)} (it is {_text(kubernetes)}); remove it"
        elif locked_since and kubernetes >= locked_since and value is not locked and isinstance(value, bool):
            fixed = f"locked to {str(locked).lower()} since Kubernetes {_text(locked_since)}"
            yield f"{where}.{name}: {fixed} (it is {show(value)}); remove it"


def minor(text: str) -> Minor:
    """`v1.37.2` or `1.37` -> (1, 37)."""
    one, two = text.removeprefix("v").split(".")[:2]
    return int(one), int(two)


@cache
def _gates() -> Mapping[str, tuple[Minor, Minor | None, bool]]:
    """Name -> since when it is there, since when it is locked, and to what."""
    found: dict[str, tuple[Minor, Minor | None, bool]] = {}
    for line in (files(__package__) / "schemas" / "feature-gates-1.37.2.tsv").read_text(encoding="utf-8").splitlines():
        name, since, *locked = line.split("\t")
        value, _, at = locked[0].partition(" ") if locked else ("", "", "")
        found[name] = (minor(since), minor(at) if at else None, value == "true")
    return found


def _text(version: Minor) -> str:
    return ".".join(map(str, version))
