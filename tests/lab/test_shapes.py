"""Other shapes of a cluster: another mode, none at all, three control-plane hosts, hosts with nothing."""

from __future__ import annotations

import pytest

from tests.proof import saw

from .deployed import Deployed

pytestmark = [pytest.mark.lab]


def test_no_network_of_ours(none: Deployed) -> None:
    run = none.deploy(network={"mode": "none"})
    assert run.code == 0, run.text
    report = none.report()
    assert {n["state"] for n in report["nodes"].values()} == {"NotReady"}
    assert report["counts"]["skipped"] > 0
    saw("none", 3, "a real cluster in the lab: hosts prepared, Kubernetes up, nodes wait for a plugin")


def test_three_control_plane_hosts(trio: Deployed) -> None:
    run = trio.deploy()
    assert run.code == 0, run.text
    members = trio.kubectl("get", "pods", "-n", "kube-system", "-l", "component=etcd", "-o", "name")
    assert len(members.split()) == 3


def test_everything_is_pushed_to_a_host_that_has_nothing(bare: Deployed) -> None:
    run = bare.deploy()
    assert run.code == 0, run.text
    again = bare.deploy("--data", "verify=false")
    assert again.changes == "none; at most 1 SSH executions on a host"
