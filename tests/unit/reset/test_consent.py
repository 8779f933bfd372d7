"""Hosts that a reset leaves alone unless told: another cluster's, and those of which nobody knows what they were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.clusters import cluster, network
from tests.unit.reset.test_footprint import NOTHING
from underlay.plan.host_record import LATE
from underlay.reset.consent import Consent, by_names, is_of_another, note_on_stranger, problem_of
from underlay.reset.footprint import footprint

OURS = "member ordinary 192.0.2.1:6443"
THEIRS = "member berlin 198.51.100.1:6443"


@pytest.mark.parametrize("mark", [THEIRS, THEIRS.replace("member", "started")])
def test_another_cluster_s_host_is_refused_until_told(mark: str) -> None:
    known = replace(NOTHING, mark=mark)
    assert problem_of(known, "ordinary", Consent()) == (
        "is of another cluster (berlin 198.51.100.1:6443); `underlay reset --other-cluster` takes it back all the same"
    )
    assert problem_of(known, "ordinary", Consent(without_record=True)) != ""
    assert problem_of(known, "ordinary", Consent(other_cluster=True)) == ""


@pytest.mark.parametrize("mark", ["", OURS, OURS.replace("member", "started"), "started unrecorded"])
def test_of_another_is_what_has_another_name(mark: str) -> None:
    assert not is_of_another(replace(NOTHING, mark=mark), "ordinary")


@pytest.mark.parametrize("version", ["", LATE])
def test_without_a_record_a_host_that_was_deployed_is_refused_until_told(version: str) -> None:
    known = replace(NOTHING, version=version, mark=OURS)
    assert "`underlay reset --without-record` takes Kubernetes away all the same" in problem_of(
        known, "ordinary", Consent(other_cluster=True)
    )
    assert problem_of(known, "ordinary", Consent(without_record=True)) == ""


def test_a_cluster_that_was_not_deployed_from_here_is_named() -> None:
    known = replace(NOTHING, version="", kubernetes=("/etc/kubernetes/admin.conf", "/var/lib/etcd/member"))
    assert problem_of(known, "ordinary", Consent()) == ""
    assert note_on_stranger(known) == (
        "left as it is: /etc/kubernetes/admin.conf and 1 more files are of a cluster that was not deployed from here; "
        "`underlay reset --without-record` takes Kubernetes away all the same"
    )
    assert note_on_stranger(replace(known, kubernetes=())) == ""


def test_by_names_takes_what_plugins_name_and_no_rule() -> None:
    rule = "-4 9: from all fwmark 0x200/0xf00 lookup 2004"
    known = by_names(
        replace(
            NOTHING, version="", rules=(rule,), tables=("ip kube-proxy", "inet office"), chains=("cali-FORWARD", "site")
        )
    )
    found = footprint(cluster(), network("flannel-vxlan"), known)
    assert (found.tables, found.chains, found.rules, found.ipsec) == (("ip kube-proxy",), ("cali-FORWARD",), (), ())
