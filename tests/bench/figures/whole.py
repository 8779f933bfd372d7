"""All tests: what the last `make test` of a checkout took, by the records it left, and `make check`, which is run."""

from __future__ import annotations

from pathlib import Path

from tests.bench import machine
from tests.bench.measure import BenchError, Command, alternate
from tests.bench.options import Options
from tests.bench.table import Row, Section
from tests.summary.record import PARTS, Part, junit, read
from tests.summary.results import FAILED, PASSED, SKIPPED
from tests.summary.results import read as results

HOW = """\
`make test` by the records that the last run of a checkout left (`.cache/parts`): from the first part's beginning to
the last one's end. A run from nothing built the base image and the bundle. The processor's time is the whole machine's
while lab tests ran, hosts of labs included. `make check` is run here, after a warm-up."""
NAMES = ("lint", "unit", "image", "bundle", "lab")


def measure(options: Options) -> Section:
    """Read the records of this checkout and of those that are named, and time `make check`.

    :raises BenchError: when a checkout has no record of a whole run, or the run failed.
    """
    before = machine.load()
    rows = [row for checkout in (machine.ROOT, *options.checkouts) for row in rows_of(checkout)]
    check = Command("make check", ["make", "check"], machine.ROOT)
    check.run()
    timed = alternate([check], runs=options.runs)[check.label]
    rows.append(Row("`make check`", "s", tuple(run.seconds for run in timed), target="120 / 75 s"))
    return Section("whole", "All tests", HOW, tuple(rows), (machine.load_note(before),), machine.facts())


def rows_of(checkout: Path) -> list[Row]:
    """What the last run of all tests in a checkout took."""
    parts = {name: part for name in NAMES if (part := read(name, checkout / PARTS)) is not None}
    if missing := [name for name in NAMES if name not in parts]:
        raise BenchError(f"{checkout}: no record of {', '.join(missing)}; run `make test` there")
    if min(parts["lint"].began, parts["unit"].began) > parts["lab"].began + parts["lab"].wall:
        raise BenchError(f"{checkout}: checks ran again since the last `make test`; run that again")
    tests = [result for name in NAMES for result in results(junit(name, checkout / PARTS))]
    failed = [test.name for test in tests if test.outcome == FAILED]
    failed += [f"{name}: exit status {part.status}" for name, part in parts.items() if part.status]
    if failed:
        raise BenchError(f"{checkout}: the last `make test` failed: {', '.join(failed)}")
    return [
        _whole(parts),
        *(Row(f"of it, {name}", "s", (part.wall,)) for name, part in parts.items() if part.wall >= 1),
        Row("of it, the processor while lab tests ran", "s", (parts["lab"].machine,)),
        *(Row(f"of it, tests {word}", "", (sum(t.outcome == word for t in tests),)) for word in (PASSED, SKIPPED)),
    ]


def _whole(parts: dict[str, Part]) -> Row:
    wall = max(part.ended for part in parts.values()) - min(part.began for part in parts.values())
    if parts["image"].built and parts["bundle"].built:
        return Row("`make test` from nothing", "s", (wall,), target="3000 / 2400 s")
    return Row("`make test`, artifacts there", "s", (wall,), target="1500 / 1080 s")
