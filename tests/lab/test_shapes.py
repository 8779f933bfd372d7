"""Other shapes of a cluster: another mode, none at all, three control-plane hosts, hosts with nothing."""

from __future__ import annotations

import re

import pytest

from tests.proof import saw

from .conftest import TRIO_CP_1, TRIO_ENDPOINT
from .deployed import Deployed
from .waiting import until

pytestmark = [pytest.mark.lab]

NOT_VERIFIED = ("--data", "verify=false")


def test_no_network_of_ours(none: Deployed) -> None:
    run = none.deploy(network={"mode": "none"})
    assert run.code == 0, run.end
    report = none.report()
    assert {n["state"] for n in report["nodes"].values()} == {"NotReady"}
    assert report["counts"]["skipped"] > 0
    saw("none", 3, "a real cluster in the lab: hosts prepared, Kubernetes up, nodes wait for a plugin")


def test_three_control_plane_hosts(trio: Deployed) -> None:
    assert trio.underlay("plan").code == 2
    trio.ssh("cp-1", f"ip address replace {TRIO_ENDPOINT}/24 dev eth0")
    run = trio.deploy()
    assert run.code == 0, run.end
    members = trio.kubectl("get", "pods", "-n", "kube-system", "-l", "component=etcd", "-o", "name")
    assert len(members.split()) == 3


def test_the_first_of_three_is_installed_anew_and_each_refusal_leads_on(trio: Deployed) -> None:
    trio.install_anew("cp-1")
    for name in ("cp-2", "cp-3"):
        trio.ssh(name, "ip neighbour flush all")
    trio.ssh("cp-2", f"ip address replace {TRIO_ENDPOINT}/24 dev eth0")
    refused = trio.underlay("plan")
    assert refused.code == 1, refused.text
    heirs = re.findall(
        r"^underlay: (cp-.): is in a cluster that cp-1 is not in .*; name (cp-.) first", refused.text, re.M
    )
    assert heirs == [("cp-2", "cp-2"), ("cp-3", "cp-2")]
    left = trio.underlay("plan", first="cp-2")
    assert left.code == 1, left.text
    remedy = re.search(r"cp-1: is a member of the cluster's etcd .*: `(curl .*)` on cp-2$", left.text, re.M)
    assert remedy, left.text
    trio.ssh("cp-2", remedy[1])
    run = trio.deploy(*NOT_VERIFIED, first="cp-2")
    assert run.code == 0, run.end
    # The inventory may name the hosts in their old order again.
    # For a moment the API still has the old node's pods, which were ready.
    until(lambda: trio.underlay("plan").code == 0, within=60)
    assert nodes(trio) == ["cp-1", "cp-2", "cp-3"]


def test_a_dead_one_and_the_first_one_leave_and_come_back(trio: Deployed) -> None:
    move_dns_to_cp_3(trio)
    trio.install_anew("cp-3")
    alone = trio.underlay("remove", "cp-1", "--yes")
    assert alone.code == 1
    assert (
        "underlay: cp-1: etcd would have 2 members, of which 1 answers, and decides nothing with fewer than 2; "
        "bring back those that do not answer first"
    ) in alone.text
    endpoint = trio.underlay("remove", "cp-1", control_plane_endpoint=f"{TRIO_CP_1}:6443")
    assert endpoint.code == 1
    assert f"cp-1: control_plane_endpoint is its address ({TRIO_CP_1})" in endpoint.text

    plan = trio.underlay("remove", "cp-3", "cp-1", "--plan")
    assert plan.code == 0, plan.text
    assert "cp-3: does not answer (" in plan.text
    assert "etcd: the member cp-3 goes\netcd: the member cp-1 goes\n" in plan.text
    run = trio.underlay("remove", "cp-3", "cp-1", "--yes")
    assert run.code == 0, run.end
    assert "trio: without cp-3, cp-1, verified by " in run.text, run.end
    assert nodes(trio) == ["cp-2"]
    assert "nothing to reset" in trio.underlay("reset", "--plan", "--limit", "cp-1", first="cp-2").text

    joined = trio.deploy(*NOT_VERIFIED, first="cp-2")
    assert joined.code == 0, joined.end
    assert nodes(trio) == ["cp-1", "cp-2", "cp-3"]


def move_dns_to_cp_3(trio: Deployed) -> None:
    """Have the cluster's DNS run there alone: a host that dies takes it along."""
    trio.kubectl("cordon", "cp-1", "cp-2")
    trio.kubectl("delete", "pods", "-n", "kube-system", "-l", "k8s-app=kube-dns")
    trio.kubectl("rollout", "status", "-n", "kube-system", "deployment/coredns", "--timeout=120s")
    trio.kubectl("uncordon", "cp-1", "cp-2")


def nodes(trio: Deployed) -> list[str]:
    return trio.kubectl("get", "nodes", "-o", "jsonpath={range .items[*]}{.metadata.name} {end}").split()


def test_everything_is_pushed_to_a_host_that_has_nothing(bare: Deployed) -> None:
    run = bare.deploy()
    assert run.code == 0, run.end
    again = bare.deploy("--data", "verify=false")
    assert again.changes == "none; at most 1 SSH executions on a host"
