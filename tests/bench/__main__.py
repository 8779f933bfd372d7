"""Measure the figures, print them as markdown, and write them to a document.

\b
python -m tests.bench                             every figure
python -m tests.bench --only core --runs 5
python -m tests.bench --write docs/figures.md     renew the sections that were measured, keep the others
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from underlay.lab.model.errors import LabError

from .document import renew
from .figures import bgp, bring_up, core, fleet, grow, preflight, second, sig_network, uplink, verify, whole
from .measure import BenchError
from .options import Options
from .table import Section

FIGURES: dict[str, Callable[[Options], Section]] = {
    "core": core.measure,
    "second": second.measure,
    "bring-up": bring_up.measure,
    "grow": grow.measure,
    "fleet": fleet.measure,
    "preflight": preflight.measure,
    "bgp": bgp.measure,
    "uplink": uplink.measure,
    "verify": verify.measure,
    "sig-network": sig_network.measure,
    "whole": whole.measure,
}


@click.command(help=__doc__)
@click.option("--only", "names", multiple=True, type=click.Choice(list(FIGURES)), help="This figure; may be repeated.")
@click.option("--json", "data", type=click.Path(dir_okay=False, path_type=Path), help="Write every number here too.")
@click.option("--write", "document", type=click.Path(dir_okay=False, path_type=Path), help="Renew this document.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1), help="Counted runs of each variant.")
@click.option("--hosts", default=20, show_default=True, type=click.IntRange(2), help="Light hosts, for core.")
@click.option(
    "--checkout",
    "checkouts",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="For whole: another checkout in which `make test` ran; may be repeated.",
)
@click.option("--keep", is_flag=True, help="Leave the bench's own labs up.")
def main(names: tuple[str, ...], data: Path | None, document: Path | None, **options: Any) -> None:
    # So that the labs are taken down however it ends.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    sections: list[Section] = []
    failed: list[str] = []
    try:
        for name in names or FIGURES:
            try:
                sections.append(FIGURES[name](Options(**options)))
            except (AssertionError, BenchError, LabError, subprocess.SubprocessError) as error:
                # The others may come out all the same, and what was measured is kept.
                click.echo(f"bench: {name} was not measured: {error}", err=True)
                failed.append(name)
            else:
                click.echo(sections[-1].markdown())
    finally:
        if data:
            data.write_text(json.dumps([asdict(section) for section in sections], indent=1) + "\n")
        if document and sections:
            renew(document, sections)
    if failed:
        sys.exit(1)


main()
