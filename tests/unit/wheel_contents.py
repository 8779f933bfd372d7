"""What modules of the package read from files beside them, as JSON: a program that runs where the wheel is installed."""

from __future__ import annotations

import json
from importlib.metadata import entry_points

from underlay.artifacts.build.recipes import go_recipes
from underlay.artifacts.images import images_script
from underlay.artifacts.lock import read_lock
from underlay.catalog.example_cluster import charts
from underlay.cli.proofs import proofs
from underlay.load_balancers.metallb import DEFINITIONS
from underlay.preflight.prober_script import listen_script
from underlay.templates import render


def main() -> None:
    connectors = {e.name: e for e in entry_points(group="pyinfra.connectors") if e.value.startswith("underlay.")}
    found = {
        "charts": sorted(chart.name for chart in charts()),
        "connectors": {name: entry.load().__module__ for name, entry in sorted(connectors.items())},
        "lock": sorted(read_lock().versions),
        "metallb": len(json.loads(DEFINITIONS.read_text())),
        "modules": [r.name for r in go_recipes() if not (r.directory / "go.mod").is_file()],
        "prober": "prober.pyz" in listen_script({}),
        "proofs": len(proofs()),
        "shell": "u_import" in images_script([]),
        "unit": render("units/kubelet.service"),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
