"""Labs for the tests, each under its own name and network; all are gone at the end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from .commands_run import watch
from .deployed import Deployed
from .explained import explain
from .fabric import FABRIC, ROUTED
from .side_by_side import Admission, LabScheduling, group_of, place_of
from .standing import StandingLabs

TRIO_ENDPOINT, TRIO_CP_1 = "10.92.1.100", "10.92.1.11"
STANDING = pytest.StashKey[StandingLabs]()
ADMISSION = pytest.StashKey[Admission]()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LabScheduling:
    return LabScheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ADMISSION] = Admission()
    config.stash[STANDING] = StandingLabs()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place_of(group_of(item.nodeid)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
    """After the last test of a group, and its fixtures, its labs are taken away."""
    try:
        return (yield)
    finally:
        if nextitem is None or group_of(nextitem.nodeid) != group_of(item.nodeid):
            item.config.stash[STANDING].take_down()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
    admission = item.config.stash[ADMISSION]
    admission.enter(alone=measures_time(item))
    try:
        return (yield)
    finally:
        admission.leave(stay_alone=nextitem is not None and measures_time(nextitem))


def measures_time(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


def pytest_sessionstart() -> None:
    watch()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Beside a failure stand containers of its cluster that ended; its last line is the folder with all there is."""
    report = yield
    if report.failed and report.when in ("setup", "call"):
        explain(item, report)
    return report


def _lab(**fields: object) -> Iterator[Deployed]:
    carried = bool(fields.pop("carried", True))
    cluster = fields.pop("cluster", {})
    assert isinstance(cluster, dict)
    deployed = Deployed(lab=dict(fields), cluster=cluster, carried=carried)
    deployed.down()
    try:
        yield deployed
    finally:
        deployed.down()


@pytest.fixture(scope="session")
def standing(request: pytest.FixtureRequest) -> StandingLabs:
    return request.config.stash[STANDING]


@pytest.fixture(scope="session")
def racks(standing: StandingLabs) -> Deployed:
    """Three hosts in two racks."""
    return standing.lab("racks", network="10.90.0.0/16", workers=2, racks=2)


@pytest.fixture(scope="session")
def pair(standing: StandingLabs) -> Deployed:
    """Two hosts on one segment."""
    return standing.lab("pair", network="10.91.0.0/16", workers=1, racks=1)


@pytest.fixture(scope="session")
def api_server(standing: StandingLabs) -> Deployed:
    """One control-plane host without a network of ours, deployed."""
    deployed = standing.lab("api", network="10.123.0.0/16", workers=0, racks=1, cluster={"network": {"mode": "none"}})
    run = deployed.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    return deployed


@pytest.fixture(scope="module")
def unfit() -> Iterator[Deployed]:
    """Two hosts on one segment that nothing is deployed to."""
    yield from _lab(name="unfit", network="10.84.0.0/16", workers=1, racks=1)


@pytest.fixture(scope="session")
def attempts(standing: StandingLabs) -> Deployed:
    """Two hosts on one segment, on which attempts fail and members are taken away."""
    return standing.lab("attempts", network="10.201.0.0/16", workers=1, racks=1)


@pytest.fixture(scope="module")
def bystanders() -> Iterator[Deployed]:
    """Three hosts in two racks, of which one dies."""
    yield from _lab(name="bystanders", network="10.82.0.0/16", workers=2, racks=2)


@pytest.fixture(scope="module")
def none() -> Iterator[Deployed]:
    """Two hosts on one segment, without a network of ours."""
    yield from _lab(name="none", network="10.85.0.0/16", workers=1, racks=1)


@pytest.fixture(scope="module")
def trio() -> Iterator[Deployed]:
    """Three control-plane hosts; what stands in for a load balancer is an address that a test gives to one of them."""
    endpoint = {"control_plane_endpoint": f"{TRIO_ENDPOINT}:6443"}
    yield from _lab(name="trio", network="10.92.0.0/16", control_planes=3, workers=0, racks=1, cluster=endpoint)


@pytest.fixture(scope="session")
def fabric(standing: StandingLabs) -> Deployed:
    """Three hosts in two racks, a router host for each rack, and BGP among them with everything it can have."""
    return standing.lab(**FABRIC, cluster=ROUTED)


@pytest.fixture(scope="module")
def fabric_beside_flannel() -> Iterator[Deployed]:
    """The same hosts and BGP, for another mode."""
    yield from _lab(**FABRIC | {"name": "gw-racks", "network": "10.95.0.0/16"}, cluster=ROUTED)


@pytest.fixture(scope="module")
def bare() -> Iterator[Deployed]:
    """One host that has nothing of the bundle: everything is pushed to it."""
    yield from _lab(name="bare", network="10.93.0.0/16", workers=0, racks=1, carried=False)
