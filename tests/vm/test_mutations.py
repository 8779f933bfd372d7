"""Verification is itself verified, where that needs another kernel: traffic in the clear, and a clock of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.lab.mutation_table import broken
from tests.lab.mutations import Mutation

from .asked import Asked
from .laid import UNIT, Laid
from .mutations import MUTATIONS, ROUTER
from .site import GUESTS, Site
from .verified import verify

pytestmark = [pytest.mark.lab]

HEARD_S = 90.0


@pytest.fixture(scope="module")
def laid(request: pytest.FixtureRequest, site: Site) -> Iterator[Laid]:
    """An encrypting mode, verified."""
    laid = Laid(site, Asked.of(site, request.param))
    try:
        laid.lay()
        assert verify(laid).failed == {}
        yield laid
    finally:
        laid.take_away()


@pytest.mark.parametrize(
    ("laid", "make"),
    MUTATIONS,
    indirect=["laid"],
    ids=[f"{mode}-{make.__name__}" for mode, make in MUTATIONS],
    scope="module",
)
def test_is_caught_by_the_check_that_ought_to_and_healthy_once_undone(
    laid: Laid, make: Callable[[Laid], Mutation]
) -> None:
    broken(make(laid), run=partial(_run, laid.site), verify=partial(verify, laid))
    assert verify(laid).failed == {}


@pytest.mark.parametrize("laid", ["flannel-wireguard"], indirect=True)
def test_a_node_with_a_new_key_as_after_a_boot_is_well(laid: Laid) -> None:
    node, other = GUESTS
    laid.site.run(node, f"ip link del flannel-wg; rm /run/flannel/wgkey; systemctl restart {UNIT}")
    until = time.monotonic() + HEARD_S
    while len(laid.site.run(other, "wg show flannel-wg peers").split()) < len(GUESTS):
        assert time.monotonic() < until, "the other node was never told the new key"
        time.sleep(1)
    assert verify(laid).failed == {}


def _run(site: Site, host: str, command: str) -> None:
    if host == ROUTER:
        site.on_router(command)
    else:
        site.run(host, command)
