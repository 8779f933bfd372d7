"""The speed of each class of path, and relative to the same path between the nodes themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from .observed import ObservedPath


@dataclass(frozen=True)
class Speed:
    """Medians over the class's paths; a ratio is the pods' figure by the hosts', None where either is missing."""

    name: str
    paths: int
    latency_ms: float | None
    throughput_mbit: float | None
    latency_ratio: float | None
    throughput_ratio: float | None


def speeds(paths: Sequence[ObservedPath]) -> list[Speed]:
    """One for each class that has any figure, in the order of the paths."""
    classes: dict[str, list[ObservedPath]] = {}
    for path in paths:
        classes.setdefault(path.class_ or "all paths", []).append(path)
    found = [_speed(name, members) for name, members in classes.items()]
    return [s for s in found if s.latency_ms is not None or s.throughput_mbit is not None]


def _speed(name: str, paths: Sequence[ObservedPath]) -> Speed:
    return Speed(
        name,
        len(paths),
        _median([p.latency_ms for p in paths]),
        _median([p.throughput_mbit for p in paths]),
        _median([_ratio(p.latency_ms, p.host_latency_ms) for p in paths]),
        _median([_ratio(p.throughput_mbit, p.host_throughput_mbit) for p in paths]),
    )


def _ratio(pods: float | None, hosts: float | None) -> float | None:
    return pods / hosts if pods is not None and hosts else None


def _median(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return median(known) if known else None
