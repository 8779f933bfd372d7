"""Verification is itself verified: one thing broken at a time is caught by the check that ought to, and no other cries.

UNDERLAY_MUTATIONS names a file that the table is written to, and makes a healthy run follow every mutation;
UNDERLAY_HEALTHY says how often each healthy cluster is verified (1), UNDERLAY_HEALTH where that is noted.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.topology import Lab

from .deployed import Deployed
from .grounds import GROUNDS
from .mutation_table import TABLE, judge
from .mutations import Mutation
from .name_server import answering
from .verified import TIMES, is_well, verify

pytestmark = [pytest.mark.lab]

# Nothing is on its way in these clusters. Questions are repeated for a third of this: a busy machine loses datagrams.
PATIENCE_S = "24"


@pytest.fixture(scope="module")
def healthy(request: pytest.FixtureRequest) -> Iterator[Deployed]:
    """The cluster of a ground, deployed, and a name server outside it."""
    ground = GROUNDS[request.param]
    deployed = Deployed(lab=ground.lab, cluster=ground.cluster)
    deployed.down()
    try:
        run = deployed.deploy("--data", "verify=false")
        assert run.code == 0, run.text
        with pytest.MonkeyPatch.context() as patch, answering(str(Lab(**ground.lab).uplink_here)):
            patch.setenv("UNDERLAY_PATIENCE", PATIENCE_S)
            yield deployed
    finally:
        deployed.down()


@pytest.mark.parametrize(("healthy", "name"), [(name, name) for name in GROUNDS], indirect=["healthy"])
def test_a_healthy_cluster_is_verified_every_time(healthy: Deployed, name: str) -> None:
    is_well(healthy, name, times=TIMES or 1)


@pytest.mark.parametrize(
    ("healthy", "mutation"),
    [pytest.param(name, m, id=m.name) for name, ground in GROUNDS.items() for m in ground.mutations],
    indirect=["healthy"],
)
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


@pytest.mark.parametrize("healthy", GROUNDS, indirect=True)
def test_is_healthy_again_once_all_is_undone(healthy: Deployed) -> None:
    assert verify(healthy).failed == {}
