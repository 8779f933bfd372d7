"""What a check is about, out of what pytest knows of it: its claim, its group, its hosts, what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

_INITIALS = ("bgp", "dns", "mtu")


def area_of(item: pytest.Item) -> str:
    """The claim: the first line of the test's docstring."""
    told = (item.function.__doc__ or item.name).strip()  # type: ignore[attr-defined]
    return str(told.splitlines()[0].rstrip("."))


def group_of(item: pytest.Item) -> str:
    """`test_cluster.py` -> `Cluster`."""
    words = item.path.stem.removeprefix("test_").split("_")
    text = " ".join(w.upper() if w in _INITIALS else w for w in words)
    return text[:1].upper() + text[1:]


def name_of(item: pytest.Item) -> str:
    """Of what it is claimed; of the cluster where a check is made once, or for none of a kind that it has not."""
    name = str(getattr(getattr(item, "callspec", None), "id", "the cluster"))
    return "the cluster" if name == "NOTSET" else name


def hosts_of(parameters: Mapping[str, Any]) -> list[str]:
    """Names in a check's parameters that may be hosts', in their order."""
    return list(dict.fromkeys(name for value in parameters.values() for name in _names(value)))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _names(part)
    else:
        # A question to a node, a path between two, a session between the ends of two.
        for name in ("node", "one", "other", "host"):
            yield from _names(getattr(value, name, ()))


def seen_of(report: pytest.TestReport) -> str:
    """What was found where it failed, why it was skipped otherwise."""
    if report.passed:
        return ""
    if report.skipped:
        reason = str(report.longrepr[2]).removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
        return "this cluster has nothing of that kind" if reason.startswith("got empty parameter set") else reason
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return str(text).removeprefix("AssertionError: ").split("\nassert ")[0].strip()
