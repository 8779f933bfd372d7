"""How far each mode is proven, written by the runs that proved it.

Runs append a line of JSON for what they saw to the file that UNDERLAY_PROOF names; `python -m tests.proof FILE` merges
them into underlay/catalog/proof.yaml, where the highest rung of a mode stands.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "underlay/catalog/proof.yaml"
RUNGS = {
    1: "renders, all keys known",
    2: "accepted by a real API server or the plugin's own program",
    3: "pods talk across racks on a real kernel",
    4: "the capture shows this mode and no other",
    5: "second run no change, leaves nothing behind",
}
HEAD = "# Written by `make proof` from what its runs saw; never by hand.\n"


def saw(mode: str, rung: int, how: str, *, machines: bool = False) -> None:
    """Note that a run saw a mode on a rung; nothing where no proof is being taken.

    :param machines: whether its hosts had kernels of their own.
    """
    if path := os.environ.get("UNDERLAY_PROOF"):
        line: dict[str, Any] = {"mode": mode, "rung": rung, "how": how}
        line |= {"date": time.strftime("%Y-%m-%d", time.gmtime()), "machines": machines}
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def merge(kept: dict[str, Any], lines: list[dict[str, Any]], *, commit: str) -> dict[str, Any]:
    """The proof with what was seen now; of equal rungs what was seen first, on the cluster that shows most.

    Beside it stands what was seen highest, and last, on machines with kernels of their own.
    """
    best: dict[str, dict[str, Any]] = {}
    for line in sorted(lines, key=lambda line: line["rung"], reverse=True):
        best.setdefault(line["mode"], line)
    proven = {
        mode: {"rung": line["rung"], "how": line["how"], "date": line["date"], "commit": commit}
        for mode, line in best.items()
        if line["rung"] >= kept.get(mode, {}).get("rung", 0)
    }
    on_machines = {mode: entry["machines"] for mode, entry in kept.items() if "machines" in entry}
    for line in sorted(lines, key=lambda line: line["rung"]):
        if line.get("machines"):
            on_machines[line["mode"]] = f"rung {line['rung']}, {line['how']}, {line['date']}, {commit}"
    found = {mode: {k: v for k, v in entry.items() if k != "machines"} for mode, entry in (kept | proven).items()}
    return {
        mode: {**entry, **({"machines": on_machines[mode]} if mode in on_machines else {})}
        for mode, entry in sorted(found.items())
    }


def main() -> None:
    lines = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines() if line.strip()]
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    kept = yaml.safe_load(KEPT.read_text()) if KEPT.exists() else {}
    text = HEAD + yaml.safe_dump(merge(kept or {}, lines, commit=head.stdout.strip()), sort_keys=False, width=110)
    new = KEPT.with_suffix(".new")
    new.write_text(text)
    new.replace(KEPT)


if __name__ == "__main__":
    main()
