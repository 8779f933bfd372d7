"""A member of etcd that is silent keeps a control-plane host from joining, and is told with the command that takes it out."""

from __future__ import annotations

import json

import pytest

from tests.unit.clusters import cluster, network, node
from tests.unit.plan.test_membership import CA, MARK, OTHER_CA, kubelet
from underlay.model.node import Role
from underlay.preflight.host_findings import judge
from underlay.resources.answer import Absent, Answer, Answered

from .test_host_findings import healthy

NODES = (*(node(f"cp-{n}", n, role=Role.CONTROL_PLANE) for n in (1, 2, 3)), node("w-1", 4))
ORDINARY = cluster(nodes=NODES, control_plane_endpoint="192.0.2.100:6443")
NAMES = tuple(n.name for n in NODES)
LISTED = "".join(f"{n.name}|{n.address}|True|;" for n in NODES)
KEYS = "--cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt --key /etc/kubernetes/pki/etcd/server.key"
REMOVE = f'`curl -sS {KEYS} https://127.0.0.1:2379/v3/cluster/member/remove -d \'{{"ID":"72"}}\'` on cp-1'
RESET = "`kubeadm reset -f` there, which deletes the cluster's data on this host, and run again"


def etcd(*silent: str, **more: str) -> str:
    """The members, 71 to 73 on the control-plane hosts; `more` are others by name and address."""
    there = {n.name: str(n.address) for n in NODES[:3]} | more
    members = [
        {"ID": str(70 + n), "name": name, "peerURLs": [f"https://{at}:2380"], "clientURLs": [f"https://{at}:2379"]}
        for n, (name, at) in enumerate(there.items(), start=1)
    ]
    return " ".join([json.dumps({"members": members}), *(f"https://{there[name]}:2379" for name in silent)])


def found(**changed: dict[str, str]) -> list[str]:
    """Findings about three control-plane hosts and a worker that are members, but for what hosts say otherwise."""
    answers: dict[str, dict[str, Answer]] = {}
    for number, name in enumerate(NAMES, start=1):
        said = {"member": MARK, "kubelet": kubelet(name)}
        said |= {"nodes": LISTED, "recorded": "ConfigMap {};;", "etcd": etcd()} if number == 1 else {}
        said |= changed.get(name.replace("-", "_"), {})
        answers[name] = healthy(number) | {k: Answered(v) if v else Absent() for k, v in said.items()}
    judged = judge(ORDINARY, network(), answers, queried=dict.fromkeys(NAMES, (999.5, 1000.5)))
    return [f"[{f.code}] {f.line}" for f in judged]


BARE = {"member": "", "kubelet": ""}


def test_members_that_answer_are_no_finding_and_neither_is_a_silent_one_while_nobody_joins() -> None:
    assert found() == found(cp_1={"etcd": etcd("cp-3")}) == found(w_1=BARE) == []
    # Reset by hand, kubeadm takes the member out itself.
    members = json.loads(etcd())
    del members["members"][1]
    assert found(cp_2=BARE, cp_1={"etcd": json.dumps(members)}) == []


def test_a_control_plane_host_that_was_installed_anew() -> None:
    assert found(cp_2=BARE, cp_1={"etcd": etcd("cp-2")}) == [
        "[etcd-member-left] cp-2: is a member of the cluster's etcd (cp-2, ID 72) whose data is not on the host any "
        f"more; take that member out, then run again: {REMOVE}"
    ]


def test_a_member_that_an_attempt_of_ours_has_made_is_left_to_the_next() -> None:
    started = {"member": "started ordinary 192.0.2.100:6443", "kubelet": kubelet("cp-2")}
    assert found(cp_2=started, cp_1={"etcd": etcd("cp-2")}) == []


@pytest.mark.parametrize(
    "members", [etcd("cp-3"), etcd("gone", gone="192.0.2.77"), etcd("by-name", **{"by-name": "cp-9.example"})]
)
def test_another_member_that_is_down_while_a_host_is_to_join(members: str) -> None:
    without = json.loads(members.partition("]} ")[0] + "]}")
    del without["members"][1]
    [line] = found(cp_2=BARE, cp_1={"etcd": json.dumps(without) + " " + members.partition("]} ")[2]})
    assert line.startswith("[etcd-member-left] cp-1: etcd's member at ")
    assert "does not answer, and kubeadm joins no other meanwhile; start it, or take it out for good: `curl" in line


def test_the_first_host_was_reset_in_a_cluster_of_several() -> None:
    lines = found(cp_1={"member": MARK, "kubelet": "", "nodes": "", "recorded": "", "etcd": ""})
    # One and the same for all, the worker too: the cluster lives on.
    assert lines == [
        f"[other-cluster] {name}: is in a cluster that cp-1 is not in (https://192.0.2.1:6443); name cp-2 first in "
        f"control_plane, so that cp-1 joins that cluster; or, where that cluster is to end, {RESET}"
        for name in ("cp-2", "cp-3", "w-1")
    ]


def test_of_two_clusters_each_host_is_told_its_own() -> None:
    other = {"kubelet": kubelet("w-1", OTHER_CA)}
    lines = found(cp_1={"kubelet": "", "nodes": "", "recorded": "", "etcd": ""}, w_1=other)
    assert CA != OTHER_CA
    assert lines[-1] == f"[other-cluster] w-1: is in a cluster that cp-1 is not in (https://192.0.2.1:6443); {RESET}"
