"""What pytest knows of a check, in the words of the report: its claim, group, hosts and detail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

_INITIALS = ("bgp", "dns", "mtu")


def area_of(item: pytest.Item) -> str:
    """The claim: the first line of the test's docstring."""
    text = (item.function.__doc__ or item.name).strip()  # type: ignore[attr-defined]
    return str(text.splitlines()[0].rstrip("."))


def group_of(item: pytest.Item) -> str:
    """`test_cluster.py` -> `Cluster`."""
    words = item.path.stem.removeprefix("test_").split("_")
    text = " ".join(w.upper() if w in _INITIALS else w for w in words)
    return text[:1].upper() + text[1:]


def name_of(item: pytest.Item) -> str:
    """The subject of the claim; the cluster where a check is made once, or there is no subject of its kind."""
    name = str(getattr(getattr(item, "callspec", None), "id", "the cluster"))
    return "the cluster" if name == "NOTSET" else name


def hosts_of(parameters: Mapping[str, Any]) -> list[str]:
    """Names in a check's parameters that may be those of hosts, in order."""
    return list(dict.fromkeys(name for value in parameters.values() for name in _names(value)))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _names(part)
    else:
        # A command on a node, a path or a session between two.
        for name in ("node", "one", "other", "host"):
            yield from _names(getattr(value, name, ()))


def detail_of(report: pytest.TestReport) -> str:
    """What was observed where it failed, or why it was skipped."""
    if report.passed:
        return ""
    if report.skipped:
        reason = str(report.longrepr[2]).removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
        return "the cluster has nothing of this kind" if reason.startswith("got empty parameter set") else reason
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return str(text).removeprefix("AssertionError: ").split("\nassert ")[0].strip()
