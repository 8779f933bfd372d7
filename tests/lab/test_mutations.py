"""Verification is itself verified: one thing broken at a time is caught by the check that ought to, and no other cries.

UNDERLAY_MUTATIONS names a file that the table is written to, and makes a healthy run follow every mutation;
UNDERLAY_HEALTHY says how often each healthy cluster is verified (1), UNDERLAY_HEALTH where that is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from underlay.lab.model.topology import Lab

from .deployed import Deployed
from .grounds import GROUNDS
from .mutation_table import TABLE, broken
from .mutations import Mutation
from .name_server import answering
from .standing import StandingLabs
from .verified import TIMES, is_well, verify

pytestmark = [pytest.mark.lab]

# Nothing is on its way in these clusters. Questions are repeated for a third of this: a busy machine loses datagrams.
PATIENCE_S = "24"


@pytest.fixture(scope="module")
def healthy(request: pytest.FixtureRequest, standing: StandingLabs) -> Iterator[Deployed]:
    """The cluster of a ground, deployed, and a name server outside it."""
    ground = GROUNDS[request.param]
    deployed = standing.lab(**ground.lab, cluster=ground.cluster)
    run = deployed.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    with pytest.MonkeyPatch.context() as patch, answering(str(Lab(**ground.lab).uplink_here)):
        patch.setenv("UNDERLAY_PATIENCE", PATIENCE_S)
        yield deployed


def is_caught(deployed: Deployed, mutation: Mutation) -> None:
    """Broken, the check that ought to says so and no other cries; mended, it is well.

    One server pod of each node serves all of them, but where only new pods or Services show what is broken.
    """
    options = () if mutation.anew else ("--keep-pods",)
    broken(mutation, run=deployed.ssh, verify=partial(verify, deployed, *options))
    if TABLE:
        assert verify(deployed).failed == {}


def cases() -> Iterator[Any]:
    """One ground after the other: well at first, each mutation, and well once all is undone."""
    for name, ground in GROUNDS.items():
        yield pytest.param(name, partial(is_well, name=name, times=TIMES or 1), id=f"{name}: healthy")
        for mutation in ground.mutations:
            yield pytest.param(name, partial(is_caught, mutation=mutation), id=f"{name}: {mutation.name}")
        yield pytest.param(name, partial(is_well, times=1), id=f"{name}: all undone")


@pytest.mark.parametrize(("healthy", "case"), list(cases()), indirect=["healthy"], scope="module")
def test_is_told_as_it_is(healthy: Deployed, case: Callable[[Deployed], None]) -> None:
    case(healthy)
