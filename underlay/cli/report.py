"""`underlay report`: what verifications found, and what changed between them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .errors import Refused
from .report_runs import cluster, file, folders, last, read, two

if TYPE_CHECKING:
    from underlay.report.changes import ReportChange
    from underlay.report.document import Report

directory_option = click.option(
    "--reports", "directory", default="reports", show_default=True, metavar="DIR", help="Where runs left their folders."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Wrong(click.UsageError):
    """Exit status 2 means something else here: a wrong option must not look like it."""

    exit_code = 1


class Judging(click.Command):
    def make_context(self, *arguments: Any, **given: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **given)
        except click.UsageError as error:
            raise Wrong(error.format_message(), error.ctx) from error


@click.group("report")
def report_group() -> None:
    """What verifications found, and what changed between two of them.

    Every `underlay verify`, and every deploy that verifies, leaves a folder: report.html for people, report.json for
    programs, junit.xml for CI servers, and evidence/ where something failed. Nothing here contacts a host, and nothing
    is ever deleted.

    \b
    underlay report list                    the runs there are
    underlay report show                    the last one in a few lines
    underlay report diff                    what changed from the last but one to the last
    underlay report diff BEFORE AFTER       what changed between two; folders or report.json files
    underlay report schema                  the JSON Schema of report.json
    """


@report_group.command("list")
@directory_option
def list_command(directory: str) -> None:
    """The runs there are, the oldest first.

    \b
    Example:  underlay report list
    """
    table = Table(box=None, pad_edge=False)
    for title in ("folder", "when", "cluster", "network", "verdict"):
        table.add_column(title, no_wrap=True)
    for folder in folders(directory):
        told = _told(folder)
        table.add_row(str(folder), *map(escape, told))
    # A folder's name is there to be used: cut off at a terminal's edge alone.
    Console(highlight=False, width=None if sys.stdout.isatty() else 1000).print(table)


@report_group.command("show", cls=Judging)
@click.argument("run", required=False, metavar="[FOLDER]")
@directory_option
@json_option
def show_command(run: str | None, directory: str, as_json: bool) -> None:
    """One run in a few lines; the last one where none is named.

    \b
    Exit status: 0 verified, 2 not verified, 1 there is no such report.
    Example:  underlay report show reports/lab-20261125-040000
    """
    from underlay.report.summary import failures, notes, verdict  # noqa: PLC0415

    path = file(Path(run)) if run else last(directory, 1)[0] / "report.json"
    report = read(path)
    if as_json:
        click.echo(report.to_json(), nl=False)
    else:
        click.echo(f"{report.cluster}, {report.network.mode}, {report.time}: {verdict(report)}")
        for line in (*failures(report), *notes(report)):
            click.echo(line)
        click.echo(f"page: {path.with_name('report.html')}")
    sys.exit(0 if report.verdict == "verified" else 2)


@report_group.command("diff", cls=Judging)
@click.argument("before", required=False)
@click.argument("after", required=False)
@directory_option
@json_option
def diff_command(before: str | None, after: str | None, directory: str, as_json: bool) -> None:
    """What changed between two runs.

    BEFORE and AFTER are folders or report.json files. Without AFTER it is the last run of the same cluster, without
    both the last two of the cluster that was verified last.

    Checks that newly fail, pass, are skipped, appear or disappear; versions, nodes, links, routes, sessions,
    findings; and speeds, where they differ by more than noise, both in themselves and against the hosts' own. Times and
    evidence are no change.

    \b
    Exit status: 0 nothing changed, 2 something did, 1 a report cannot be read.
    Example:  underlay report diff
              underlay report diff reports/lab-20261124-234619 reports/lab-20261125-040000 --json
    """
    from underlay.report.changes import changes  # noqa: PLC0415

    one, other = two(before, after, directory)
    old, new = read(one), read(other)
    found = changes(old, new)
    if as_json:
        sides = {"before": {"path": str(one), "time": old.time}, "after": {"path": str(other), "time": new.time}}
        click.echo(json.dumps({**sides, "changes": [c.as_dict() for c in found]}, indent=1))
    else:
        _show(found, (one, old), (other, new))
    sys.exit(2 if found else 0)


@report_group.command("schema")
def schema_command() -> None:
    """The JSON Schema of report.json.

    \b
    Example:  underlay report schema > report.schema.json
    """
    from underlay.report.document import Report  # noqa: PLC0415

    click.echo(json.dumps(Report.model_json_schema(by_alias=True), indent=1))


def _show(found: Iterable[ReportChange], *sides: tuple[Path, Report]) -> None:
    from underlay.report.changes_text import merged  # noqa: PLC0415

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    for word, (path, report) in zip(("before", "after"), sides, strict=True):
        console.print(f"{word:6} {path.parent}  {report.time}  {report.cluster}, {report.network.mode}", soft_wrap=True)
    kind = ""
    for change in merged(found):
        if change.kind != kind:
            kind = change.kind
            console.print(f"[bold]{kind}[/]")
        mark, look = {True: ("-", "red"), False: ("+", "green"), None: ("~", "default")}[change.worse]
        console.print(f"  [{look}]{mark} {escape(change.line)}[/]", soft_wrap=True)
    console.print("- worse, + better, ~ different" if kind else "nothing changed")


def _told(folder: Path) -> tuple[str, str, str, str]:
    from underlay.report.summary import verdict  # noqa: PLC0415

    try:
        report = read(folder / "report.json")
    except Refused as error:
        return "", cluster(folder), "", error.message.partition(": ")[2]
    return report.time, report.cluster, report.network.mode, verdict(report)
