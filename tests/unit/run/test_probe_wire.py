"""Which hosts a tunnel is tried between: none that has a firewall, whether the deploy has opened it or not."""

from __future__ import annotations

import pytest

from underlay.resources.answer import Answered, Unknown
from underlay.resources.firewall import Pass
from underlay.resources.nftables import Nftables
from underlay.run.probe_wire import has_closed_firewall, has_firewall

from .answering_hosts import Answering

RULES = Nftables((Pass("input", 4),))


@pytest.mark.parametrize(
    ("observed", "closed", "there"),
    [
        ("none", False, False),
        ("closed: inet guard input", True, True),
        # Opened by a deploy that failed later: its owner still drops what is in a tunnel of the prober's.
        (f"current {RULES.tag}", False, True),
        ("stopped: nftables.service", True, True),
    ],
)
def test_a_firewall_that_was_opened_is_still_there(observed: str, closed: bool, there: bool) -> None:
    run = Answering().run
    run.observed.resources["w-1"] = {RULES: Answered(observed)}
    assert (has_closed_firewall(run, "w-1"), has_firewall(run, "w-1")) == (closed, there)


def test_what_is_unknown_is_not_absent() -> None:
    run = Answering().run
    run.observed.resources["w-1"] = {RULES: Unknown("nftables: the rules could not be listed")}
    assert has_firewall(run, "w-1")
