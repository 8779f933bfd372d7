"""`underlay report`: what verifications found, and what changed between two of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape

from underlay.run.plain_table import plain_table

from .errors import Refused
from .report_runs import cluster, file, folders, last, read, two

if TYPE_CHECKING:
    from underlay.report.changes import ReportChange
    from underlay.report.document import Report

directory_option = click.option(
    "--reports",
    "directory",
    default="reports",
    show_default=True,
    metavar="DIR",
    help="Directory that holds the runs' folders.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class UsageErrorOfVerdict(click.UsageError):
    """A wrong option, which must not exit with 2: that is a verdict here."""

    exit_code = 1


class VerdictCommand(click.Command):
    """A command whose exit status 2 is a verdict: wrong options exit with 1."""

    def make_context(self, *arguments: Any, **given: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **given)
        except click.UsageError as error:
            raise UsageErrorOfVerdict(error.format_message(), error.ctx) from error


@click.group("report")
def report_group() -> None:
    """What verifications found, and what changed between two of them.

    Every `underlay verify`, and every deploy that verifies, writes a folder: report.html for people, report.json for
    programs, junit.xml for CI servers, and evidence/ if something failed. These commands contact no host and delete
    nothing.

    \b
    underlay report list                    list all runs
    underlay report show                    show the last run in a few lines
    underlay report diff                    compare the last two runs
    underlay report diff BEFORE AFTER       compare two runs: folders or report.json files
    underlay report schema                  print the JSON Schema of report.json
    """


@report_group.command("list")
@directory_option
def list_command(directory: str) -> None:
    """List all runs, the oldest first.

    \b
    Example:  underlay report list
    """
    table = plain_table("folder", "when", "cluster", "network", "verdict")
    for folder in folders(directory):
        table.add_row(str(folder), *map(escape, _row(folder)))
    # Complete folder names through a pipe, for use in other commands.
    Console(highlight=False, width=None if sys.stdout.isatty() else 1000).print(table)


@report_group.command("show", cls=VerdictCommand)
@click.argument("run", required=False, metavar="[FOLDER]")
@directory_option
@json_option
def show_command(run: str | None, directory: str, as_json: bool) -> None:
    """Show one run in a few lines: the last one unless FOLDER names another.

    \b
    Exit status: 0 verified, 2 not verified, 1 no such report.
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


@report_group.command("diff", cls=VerdictCommand)
@click.argument("before", required=False)
@click.argument("after", required=False)
@directory_option
@json_option
def diff_command(before: str | None, after: str | None, directory: str, as_json: bool) -> None:
    """Compare two runs.

    BEFORE and AFTER are folders or report.json files. AFTER defaults to the last run of the same cluster; without
    both, the last two runs of the cluster that was verified last are compared.

    Checks that newly fail, pass, are skipped, appear or disappear; versions, nodes, links, routes, sessions,
    findings; and throughput that differs by more than noise, both in itself and relative to the hosts' own. Times and
    evidence do not count.

    \b
    Exit status: 0 nothing changed, 2 something changed, 1 a report cannot be read.
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
    """Print the JSON Schema of report.json.

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


def _row(folder: Path) -> tuple[str, str, str, str]:
    from underlay.report.summary import verdict  # noqa: PLC0415

    try:
        report = read(folder / "report.json")
    except Refused as error:
        return "", cluster(folder), "", error.message.partition(": ")[2]
    return report.time, report.cluster, report.network.mode, verdict(report)
