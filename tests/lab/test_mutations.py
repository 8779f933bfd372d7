"""Verification is itself verified: one thing broken at a time is caught by the check that ought to, and no other cries.

UNDERLAY_MUTATIONS names a file that the table is written to, and makes a healthy run follow every mutation;
UNDERLAY_HEALTHY says how often the healthy cluster is verified (1).
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .deployed import Deployed
from .mutation_table import TABLE, Verdict, judge
from .mutations import Mutation, mutations

pytestmark = [pytest.mark.lab]

MODE = "flannel-vxlan"
MUTATIONS = mutations(MODE, link="flannel.1", port=8472, pods="10.244.0.0/16")
# Nothing is on its way in this cluster. Questions are repeated for a third of this: a busy machine loses datagrams.
PATIENCE_S = "24"


@pytest.fixture(scope="module")
def healthy() -> Iterator[Deployed]:
    """Three hosts in two racks, deployed."""
    deployed = Deployed(lab={"name": "mutants", "network": "10.121.0.0/16", "workers": 2, "racks": 2})
    deployed.down()
    try:
        run = deployed.deploy("--data", "verify=false", network={"mode": MODE})
        assert run.code == 0, run.text
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("UNDERLAY_PATIENCE", PATIENCE_S)
            yield deployed
    finally:
        deployed.down()


def verify(healthy: Deployed) -> Verdict:
    began = time.monotonic()
    run = healthy.underlay("verify")
    told = re.search(r"report: (.*)\.html", run.text)
    assert run.code in (0, 1), run.text
    assert told, run.text
    failed: dict[str, str] = {}
    for check in json.loads(Path(f"{told[1]}.json").read_text())["checks"]:
        if check["outcome"] == "failed":
            failed.setdefault(check["area"], f"{check['name']}: {check['seen']}")
    assert bool(failed) == (run.code == 1), run.text
    return Verdict(failed, time.monotonic() - began)


def test_a_healthy_cluster_is_verified_every_time(healthy: Deployed) -> None:
    for _ in range(int(os.environ.get("UNDERLAY_HEALTHY", "1"))):
        assert verify(healthy).failed == {}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[m.name for m in MUTATIONS])
def test_is_caught_by_the_check_that_ought_to(healthy: Deployed, mutation: Mutation) -> None:
    try:
        for host, step in mutation.steps:
            healthy.ssh(host, step)
        verdict = verify(healthy)
    finally:
        for host, step in mutation.undo:
            healthy.ssh(host, step)
    judge(mutation, verdict)
    if TABLE:
        assert verify(healthy).failed == {}


def test_is_healthy_again_once_all_is_undone(healthy: Deployed) -> None:
    assert verify(healthy).failed == {}
