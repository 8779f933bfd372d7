"""MetalLB, built from its module, gives a Service of type LoadBalancer an address that answers from outside."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from underlay.artifacts.build.recipes import go_recipes
from underlay.artifacts.build.toolchain import ensure_go
from underlay.lab.model.topology import Lab
from underlay.load_balancers.metallb import DEFINITIONS

from .deployed import ROOT, UNDERLAY, Deployed
from .side_by_side import heavy
from .waiting import COMMAND_S

pytestmark = [pytest.mark.lab]

LAB = Lab(name="balanced", network="10.127.0.0/16", workers=1, racks=1)


@pytest.fixture(scope="module")
def balanced() -> Iterator[Deployed]:
    """Two hosts on one segment, and MetalLB with what is left of its addresses."""
    with heavy():
        subprocess.run([*UNDERLAY, "bundle", "--with", "metallb"], cwd=ROOT, check=True, timeout=COMMAND_S)
    deployed = Deployed(
        lab={"name": LAB.name, "network": LAB.network, "workers": LAB.workers, "racks": LAB.racks},
        cluster={"load_balancer": {"addresses": {"rack-1": [LAB.spare(1)]}}},
    )
    deployed.down()
    try:
        yield deployed
    finally:
        deployed.down()


def test_a_service_of_type_load_balancer_is_verified(balanced: Deployed) -> None:
    run = balanced.deploy()
    assert run.code == 0, run.end
    found = [
        c for c in balanced.report()["checks"] if c["area"] == "A Service of type LoadBalancer answers at its address"
    ]
    assert [c["outcome"] for c in found] == ["passed"], found


def test_second_run_changes_nothing(balanced: Deployed) -> None:
    run = balanced.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    assert run.changes == "none; at most 1 SSH executions on a host"


def test_the_kept_definitions_are_those_of_the_module() -> None:
    recipe = next(r for r in go_recipes() if r.name == "metallb")
    command = [ensure_go(print), "mod", "download", "-json", f"{recipe.module}@v{recipe.version}"]
    module = Path(json.loads(subprocess.run(command, capture_output=True, check=True, cwd="/").stdout)["Dir"])
    theirs = [yaml.safe_load(path.read_text()) for path in sorted(module.glob("config/crd/bases/*.yaml"))]
    ours = json.loads(DEFINITIONS.read_text())
    assert [(o["metadata"]["name"], o["spec"]) for o in ours] == [
        (t["metadata"]["name"], without_descriptions(t["spec"])) for t in theirs
    ]


def without_descriptions(schema: Any) -> Any:
    """A schema's own text taken out; a property of that name stays."""
    if isinstance(schema, list):
        return [without_descriptions(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: v for k, v in schema.items() if k != "description" or isinstance(v, dict)}
    return {key: without_descriptions(value) for key, value in kept.items()}
