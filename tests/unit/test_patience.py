"""Limits grow with the operator's patience, and never fall below what usual hosts need."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from underlay.patience import stretched

LIMITS = (
    "from underlay.resources.api_server import SECONDS, LONG_SECONDS; from underlay.verify.timeouts import *; "
    "print(SECONDS, LONG_SECONDS, CONVERGE_S, START_TIMEOUT_S)"
)


@pytest.mark.parametrize(("patience", "limit"), [(90, 10), (30, 10), (900, 100)])
def test_a_limit_grows_in_proportion(patience: float, limit: int) -> None:
    assert stretched(10, patience_s=patience) == limit


# Of commands that are none of a verification's.
OTHERS = (
    "from underlay.run import node_state, reboot_hosts, roll_node; from underlay.verify import bgp_sessions; "
    "print(node_state._REPLY_S, reboot_hosts.REACHABLE_S, reboot_hosts.READY_S, reboot_hosts.BEFORE_S, "
    "roll_node.READY_S, roll_node.SETTLE_S, bgp_sessions.TIMEOUT_S)"
)


@pytest.mark.parametrize(
    ("patience", "limits"), [("90", "30 600 300 60 120 6 30"), ("900", "300 6000 3000 600 1200 60 300")]
)
def test_rollouts_reboots_and_routers_are_given_as_much(patience: str, limits: str) -> None:
    given = os.environ | {"UNDERLAY_PATIENCE": patience}
    done = subprocess.run([sys.executable, "-c", OTHERS], env=given, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == limits


@pytest.mark.parametrize(
    ("patience", "limits"), [("", "10 60 8 90.0"), ("6", "10 60 2 6.0"), ("900", "100 600 80 900.0")]
)
def test_what_is_waited_for_follows_one_number(patience: str, limits: str) -> None:
    keep = {name: value for name, value in os.environ.items() if name != "UNDERLAY_PATIENCE"}
    given = {"UNDERLAY_PATIENCE": patience} if patience else {}
    done = subprocess.run([sys.executable, "-c", LIMITS], env=keep | given, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == limits
