"""What a verification of a lab's cluster came to, and how often one that is well was found to be so."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

from .deployed import Deployed
from .mutation_table import Verdict

TIMES = int(os.environ.get("UNDERLAY_HEALTHY", "0"))
"""How often a healthy cluster is verified in a row; 0 where nobody asks."""
TABLE = os.environ.get("UNDERLAY_HEALTH", "")
"""The file that a row is added to for each such cluster."""


def verify(deployed: Deployed, *options: str) -> Verdict:
    """Run `underlay verify`, whose exit status has to say what its report does."""
    began = time.monotonic()
    run = deployed.underlay("verify", *options)
    report_line = re.search(r"report: (.*)\.html", run.text)
    assert run.code in (0, 1), run.text
    assert report_line, run.text
    failed: dict[str, str] = {}
    for check in json.loads(Path(f"{report_line[1]}.json").read_text())["checks"]:
        if check["outcome"] == "failed":
            failed.setdefault(check["area"], f"{check['name']}: {check['seen']}")
    assert bool(failed) == (run.code == 1), run.text
    return Verdict(failed, time.monotonic() - began)


def is_well(deployed: Deployed, *, name: str = "", times: int) -> None:
    """Verify a healthy cluster so many times; what failed is told once all are done.

    :param name: what the table calls it; without one it has no row.
    """
    verdicts = [verify(deployed) for _ in range(times)]
    seconds = sorted(v.seconds for v in verdicts)
    passed = sum(not v.failed for v in verdicts)
    if TABLE and name and verdicts:
        middle = seconds[len(seconds) // 2]
        with open(TABLE, "a", encoding="utf-8") as file:
            file.write(f"| {name} | {passed} of {times} | {middle:.0f} | {seconds[0]:.0f} to {seconds[-1]:.0f} |\n")
    assert [v.failed for v in verdicts if v.failed] == []
