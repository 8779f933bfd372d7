"""The screen at the end of a test run: what failed, each part's times, what was skipped, slow and built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent, indent

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from .record import Part
from .results import FAILED, PASSED, SKIPPED, Result

FAILURES, REASONS, SLOWEST = 12, 6, 10  # with everything else at most 40 lines, unless a test failed
DETAILS = 12  # lines of one failure: where only the end of a log is kept, they have to stand there


@dataclass(frozen=True)
class Run:
    """`parts`: what was to run, in its order, with the record of what ran to its end; `results`: of its tests."""

    parts: Mapping[str, Part | None]
    results: Mapping[str, list[Result]]
    status: int

    @property
    def tests(self) -> list[Result]:
        return [result for results in self.results.values() for result in results]

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.tests if result.outcome == FAILED]

    @property
    def finished(self) -> list[Part]:
        return [part for part in self.parts.values() if part]

    @property
    def problems(self) -> list[str]:
        """Why the run did not end well; empty if it did."""
        found = [f"{name}: not run to its end" for name, part in self.parts.items() if part is None]
        found += [f"{p.name}: exit status {p.status}" for p in self.finished if p.status and not p.selected_nothing]
        if self.finished and not self.tests and not found:
            found.append("no test is selected")
        return found or ([f"exit status {self.status}"] if self.status else [])


def show(run: Run, console: Console) -> None:
    """Print a run. The last line is the folder of a failed test's evidence, if there is one."""
    for line in _lines(run):
        console.print(line, no_wrap=True, overflow="ellipsis", highlight=False, markup=False)
    folders = [result.folder for result in run.failed if result.folder][:FAILURES]
    if folders:
        console.print("what failed lab tests left:")
    for folder in folders:
        console.print(folder, soft_wrap=True, highlight=False, markup=False)


def _lines(run: Run) -> Iterator[RenderableType]:
    yield _headline(run)
    for result in run.failed[:FAILURES]:
        yield Text(f"  {result.name}: {result.why}", style="red")
    yield from _more(run.failed, FAILURES, "failed")
    yield _parts(run)
    yield from _skipped([r for r in run.tests if r.outcome == SKIPPED])
    if run.tests:
        yield "slowest:"
    for result in sorted(run.tests, key=lambda r: -r.seconds)[:SLOWEST]:
        yield f"{duration(result.seconds):>10}  {result.name}"
    built = [thing for part in run.finished for thing in part.built]
    yield f"built: {'; '.join(built) or 'nothing, all was there'}"
    for result in run.failed[:FAILURES]:
        yield from _details(result)


def _details(result: Result) -> Iterator[str]:
    """The last lines of what a test said as it failed; what pytest adds of the values compared is left out."""
    added = [n for n, line in enumerate(result.rest) if line.lstrip().startswith("assert ")]
    if said := result.rest[: added[-1] if added else None][-DETAILS:]:
        yield f"{result.name}:"
        yield from indent(dedent("\n".join(said)), "  ").splitlines()


def _headline(run: Run) -> Text:
    counts = Counter(result.outcome for result in run.tests)
    wall = max((p.ended for p in run.finished), default=0) - min((p.began for p in run.finished), default=0)
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in (FAILED, PASSED, SKIPPED) if counts[outcome])
    text = f"{counts.total()} test{'' if counts.total() == 1 else 's'} in {duration(wall)}: {said or 'none'}"
    if run.problems:
        return Text(f"FAILED ({'; '.join(run.problems)}): {text}", style="bold red")
    return Text(f"passed: {text}", style="bold green")


def _parts(run: Run) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for title in ("part", "ended", "wall", "processor", "whole machine", "tests", "failed", "skipped"):
        table.add_column(title, justify="left" if title in ("part", "ended") else "right", no_wrap=True)
    for name, part in run.parts.items():
        counts = Counter(result.outcome for result in run.results.get(name, []))
        numbers = [str(n) if counts else "" for n in (counts.total(), counts[FAILED], counts[SKIPPED])]
        table.add_row(name, *_ended(part), *numbers)
    return table


def _ended(part: Part | None) -> list[str]:
    if part is None:
        return ["not run", "", "", ""]
    word = "nothing selected" if part.selected_nothing else "failed" if part.status else "well"
    return [word, *(duration(seconds) for seconds in (part.wall, part.processor, part.machine))]


def _skipped(results: Sequence[Result]) -> Iterator[str]:
    reasons = Counter(result.why for result in results).most_common()
    yield f"skipped: {len(results)}" if results else "skipped: none"
    for reason, count in reasons[:REASONS]:
        yield f"{count:>10}  {reason}"
    yield from _more(reasons, REASONS, "reasons")


def _more(things: Sequence[object], shown: int, what: str) -> Iterator[str]:
    if len(things) > shown:
        yield f"  and {len(things) - shown} more {what}"


def duration(seconds: float) -> str:
    """Seconds as a person reads them: 4.2 s, 3:09 min."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"
