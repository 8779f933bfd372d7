"""Verification is itself verified, where that needs another kernel: traffic in the clear, and a clock of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.lab.mutation_table import broken
from tests.lab.mutations import Mutation

from .installed_mode import UNIT, InstalledMode
from .mutations import MUTATIONS, ROUTER
from .site import GUESTS, Site
from .verified import verify
from .vm_cluster import VmCluster

pytestmark = [pytest.mark.lab]

HEARD_S = 90.0


@pytest.fixture(scope="module")
def installed(request: pytest.FixtureRequest, site: Site) -> Iterator[InstalledMode]:
    """An encrypting mode, verified."""
    installed = InstalledMode(site, VmCluster.of(site, request.param))
    try:
        installed.install()
        assert verify(installed).failed == {}
        yield installed
    finally:
        installed.remove()


@pytest.mark.parametrize(
    ("installed", "make"),
    MUTATIONS,
    indirect=["installed"],
    ids=[f"{mode}-{make.__name__}" for mode, make in MUTATIONS],
    scope="module",
)
def test_is_caught_by_the_check_that_ought_to_and_healthy_once_undone(
    installed: InstalledMode, make: Callable[[InstalledMode], Mutation]
) -> None:
    broken(make(installed), run=partial(_run, installed.site), verify=partial(verify, installed))
    assert verify(installed).failed == {}


@pytest.mark.parametrize("installed", ["flannel-wireguard"], indirect=True)
def test_a_node_with_a_new_key_as_after_a_boot_is_well(installed: InstalledMode) -> None:
    node, other = GUESTS
    installed.site.run(node, f"ip link del flannel-wg; rm /run/flannel/wgkey; systemctl restart {UNIT}")
    until = time.monotonic() + HEARD_S
    while len(installed.site.run(other, "wg show flannel-wg peers").split()) < len(GUESTS):
        assert time.monotonic() < until, "the other node was never told the new key"
        time.sleep(1)
    assert verify(installed).failed == {}


def _run(site: Site, host: str, command: str) -> None:
    if host == ROUTER:
        site.on_router(command)
    else:
        site.run(host, command)
