"""The record of one part of a test run (lint, unit tests, ...), kept in .cache/parts until the next run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

PARTS = Path(".cache/parts")  # of the checkout that make runs in
NOTHING_SELECTED = 5  # pytest's exit status


@dataclass(frozen=True)
class Part:
    """How a part ended. Times in seconds: `began` since the epoch, `processor` of its processes, `machine` of all.

    Hosts of a lab are no descendants of the tests: only `machine`, which counts whatever ran meanwhile, has their time.
    """

    name: str
    status: int
    began: float
    wall: float
    processor: float
    machine: float
    built: list[str] = field(default_factory=list)

    @property
    def ended(self) -> float:
        """Seconds since the epoch."""
        return self.began + self.wall

    @property
    def selected_nothing(self) -> bool:
        """No test of it matches what was asked for, which is fine if another part has some."""
        return self.status == NOTHING_SELECTED and junit(self.name).exists()

    def write(self) -> None:
        _record(self.name).write_text(json.dumps(asdict(self)))


def junit(name: str, parts: Path | None = None) -> Path:
    """Where the tests of a part leave their results, as JUnit XML."""
    return (parts or PARTS) / f"{name}.xml"


def read(name: str, parts: Path | None = None) -> Part | None:
    """The record of a part; None if it did not run to its end."""
    try:
        return Part(**json.loads(_record(name, parts).read_text()))
    except FileNotFoundError:
        return None


def forget(name: str) -> None:
    """Remove what an earlier run of a part left."""
    PARTS.mkdir(parents=True, exist_ok=True)
    for path in (_record(name), junit(name)):
        path.unlink(missing_ok=True)


def _record(name: str, parts: Path | None = None) -> Path:
    return (parts or PARTS) / f"{name}.json"
