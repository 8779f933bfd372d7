"""What changed between two runs. Times and evidence do not count; figures count beyond what noise explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .document import CheckResult, Report
from .observed import ObservedPath
from .outcome import causes_first
from .speeds import Speed, speeds

# The factor by which a class's figure, and its ratio to the hosts' own, both have to differ. Of eleven runs on one
# machine with two cores, at a load of 40 to 130, no two do; the ratios alone differ by 2.2 and by 7.9.
NOISE = {"round trip": 2.5, "throughput": 4.0}
# Below this many milliseconds a round trip is the scheduler's, not the network's.
LEAST_MS = 0.1


@dataclass(frozen=True)
class ReportChange:
    """`what` changed from `before` to `after`, empty where absent. `worse` is None for neither better nor worse."""

    kind: str
    what: str
    before: str
    after: str
    worse: bool | None = None
    check: tuple[str, str] = ("", "")
    """A check's claim, and its subject."""

    @property
    def line(self) -> str:
        return f"{self.what}: {self.before or 'absent'} -> {self.after or 'absent'}"

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "what": self.what, "before": self.before, "after": self.after, "worse": self.worse}


def changes(before: Report, after: Report) -> list[ReportChange]:
    """Everything that differs: the verdict, what may explain it, then every check, those without traffic first."""
    return [
        *_verdict(before, after),
        *_plain("network", _network(before), _network(after)),
        *_plain("node", _nodes(before), _nodes(after)),
        *_plain("link", _links(before), _links(after)),
        *_plain("route", _routes(before), _routes(after)),
        *_plain("session", _sessions(before), _sessions(after)),
        *_plain("version", _versions(before), _versions(after)),
        *_plain("finding", _findings(before), _findings(after)),
        *_checks(before, after),
        *_paths(before, after),
        *_speeds(before, after),
    ]


def _verdict(before: Report, after: Report) -> Iterator[ReportChange]:
    if before.verdict != after.verdict:
        yield ReportChange("verdict", "verdict", before.verdict, after.verdict, worse=after.verdict == "failed")


def _checks(before: Report, after: Report) -> Iterator[ReportChange]:
    old, new = ({c.key: c for c in causes_first(report.checks)} for report in (before, after))
    for key in _union(new, old):
        one, other = old.get(key), new.get(key)
        if (one.outcome if one else "") != (other.outcome if other else ""):
            yield ReportChange(
                "check", ", ".join(key), _outcome(one), _outcome(other), worse=_is_worse(one, other), check=key
            )


def _outcome(check: CheckResult | None) -> str:
    if check is None:
        return ""
    return f"{check.outcome} ({' '.join(check.detail.split())})" if check.detail else check.outcome


def _is_worse(before: CheckResult | None, after: CheckResult | None) -> bool | None:
    """A check that is no longer made is worse too; a new check that is skipped is neither."""
    rank = {"failed": 0, "skipped": 1, "passed": 2}
    if before is None and after is not None:
        return None if after.outcome == "skipped" else after.outcome == "failed"
    return after is None or before is None or rank[after.outcome] < rank[before.outcome]


def _plain(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[ReportChange]:
    for name in _union(before, after):
        if before.get(name, "") != after.get(name, ""):
            yield ReportChange(kind, name, before.get(name, ""), after.get(name, ""))


def _network(report: Report) -> dict[str, str]:
    found = {name: _text(value) for name, value in report.network.model_dump().items()}
    return {name.replace("_", " ").replace("mtu", "MTU"): text for name, text in found.items()}


def _nodes(report: Report) -> dict[str, str]:
    fields = ("state", "version", "role", "rack", "address", "system", "kernel", "runtime", "pod_subnets")
    return {
        f"{name} {field.replace('_', ' ')}": _text(getattr(node, field))
        for name, node in report.nodes.items()
        for field in fields
    }


def _links(report: Report) -> dict[str, str]:
    return {
        f"{name} {link.name}": f"{link.kind or 'device'}, MTU {link.mtu}, {'up' if link.up else 'down'}"
        for name, node in report.nodes.items()
        for link in node.links
    }


def _routes(report: Report) -> dict[str, str]:
    return {
        f"{name} to {hop.to}": f"{hop.kind or 'no tunnel'} over {hop.link}" + (f" via {hop.via}" if hop.via else "")
        for name, node in report.nodes.items()
        for hop in node.hops
    }


def _sessions(report: Report) -> dict[str, str]:
    return {f"{s.one} - {s.other}": s.state + (f" ({s.problem})" if s.problem else "") for s in report.sessions}


def _versions(report: Report) -> dict[str, str]:
    return {name: ", ".join(values) for name, values in report.versions.items()}


def _findings(report: Report) -> dict[str, str]:
    return {
        f"{f.code} of {f.where}": f.text + (f" (accepted: {f.accepted})" if f.accepted else "") for f in report.findings
    }


def _paths(before: Report, after: Report) -> Iterator[ReportChange]:
    """The results of a path, where no check is named after it: the changes of checks have the others."""
    named = {c.name for c in (*before.checks, *after.checks)}
    old, new = ({f"{p.from_} to {p.to}": p for p in report.paths} for report in (before, after))
    for name in _union(old, new):
        if name not in named and _result(old.get(name)) != _result(new.get(name)):
            yield ReportChange("path", name, _result(old.get(name)), _result(new.get(name)))


def _result(path: ObservedPath | None) -> str:
    if path is None:
        return ""
    return f"failed: {', '.join(path.failed)}" if path.failed else "passed"


def _speeds(before: Report, after: Report) -> Iterator[ReportChange]:
    old, new = ({s.name: s for s in speeds(report.paths)} for report in (before, after))
    for name in (n for n in old if n in new):
        yield from _figure(name, "round trip", old[name], new[name], lambda s: (s.latency_ratio, s.latency_ms), " ms")
        yield from _figure(
            name, "throughput", old[name], new[name], lambda s: (s.throughput_ratio, s.throughput_mbit), " Mbit/s"
        )


def _figure(
    name: str,
    what: str,
    old: Speed,
    new: Speed,
    of: Callable[[Speed], tuple[float | None, float | None]],
    unit: str,
) -> Iterator[ReportChange]:
    """A busy machine changes the figure, or the hosts' own; a network that became slow changes figure and ratio."""
    (old_ratio, old_figure), (new_ratio, new_figure) = of(old), of(new)
    if not old_figure or not new_figure or (what == "round trip" and max(old_figure, new_figure) < LEAST_MS):
        return
    factors = [new_figure / old_figure]
    ratios = ("", "")
    if old_ratio and new_ratio:
        factors.append(new_ratio / old_ratio)
        ratios = (f", × {old_ratio:.2f} of hosts'", f", × {new_ratio:.2f} of hosts'")
    grown = min(factors) >= NOISE[what]
    if grown or max(factors) <= 1 / NOISE[what]:
        before, after = f"{old_figure:.4g}{unit}{ratios[0]}", f"{new_figure:.4g}{unit}{ratios[1]}"
        yield ReportChange("speed", f"{what}, {name}", before, after, worse=grown is (what == "round trip"))


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value if value is not None else "")


def _union(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Any]:
    return list(dict.fromkeys([*before, *after]))
