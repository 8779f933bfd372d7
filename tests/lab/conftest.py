"""Labs for the tests, each under its own name and network; all are gone at the end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from .deployed import Deployed
from .ended import ended
from .fabric import BGP
from .side_by_side import LabScheduling, admitted


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LabScheduling:
    return LabScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    with admitted(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Beside a failure stand the containers of its cluster that ended."""
    report = yield
    if report.when == "call" and report.failed:
        for deployed in getattr(item, "funcargs", {}).values():
            if isinstance(deployed, Deployed):
                report.sections.append((f"containers of {deployed.name} that ended", ended(deployed)))
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


@pytest.fixture(scope="module")
def racks() -> Iterator[Deployed]:
    """Three hosts in two racks."""
    yield from _lab(name="racks", network="10.90.0.0/16", workers=2, racks=2)


@pytest.fixture(scope="module")
def pair() -> Iterator[Deployed]:
    """Two hosts on one segment."""
    yield from _lab(name="pair", network="10.91.0.0/16", workers=1, racks=1)


@pytest.fixture(scope="module")
def trio() -> Iterator[Deployed]:
    """Three control-plane hosts; the first stands in for the load balancer."""
    endpoint = {"control_plane_endpoint": "10.92.1.11:6443"}
    yield from _lab(name="trio", network="10.92.0.0/16", control_planes=3, workers=0, racks=1, cluster=endpoint)


@pytest.fixture(scope="module")
def fabric() -> Iterator[Deployed]:
    """Three hosts in two racks, a router host for each rack, and BGP among them with everything it can have."""
    bgp = {**BGP, "password": "hush", "ttl_security": True}
    lab = {"name": "fabric", "network": "10.94.0.0/16", "workers": 2, "racks": 2, "routers": 1}
    yield from _lab(**lab, cluster={"network": {"mode": "routed"}, "bgp": bgp})


@pytest.fixture(scope="module")
def bare() -> Iterator[Deployed]:
    """One host that has nothing of the bundle: everything is pushed to it."""
    yield from _lab(name="bare", network="10.93.0.0/16", workers=0, racks=1, carried=False)


@pytest.fixture(scope="module")
def restarted() -> Iterator[Deployed]:
    """Two hosts on one segment, to be rebooted."""
    yield from _lab(name="restarted", network="10.99.0.0/16", workers=1, racks=1)
