"""A host that is in a cluster, and not as the inventory has it, is told with a way out."""

from __future__ import annotations

import pytest

from tests.unit.clusters import cluster, network
from tests.unit.plan.test_membership import LISTED, MARK, OTHER_CA, kubelet
from underlay.preflight.host_findings import judge
from underlay.resources.answer import Absent, Answer, Answered

from .test_host_findings import QUERIED, healthy

RESET = "`kubeadm reset -f` there, which deletes the cluster's data on this host, and run again"
LEFT = '[{"ifname":"eth0","mtu":1500,"addr_info":[{"local":"192.0.2.2","prefixlen":24}]},{"ifname":"cni0","mtu":1450,"addr_info":[{"local":"10.244.1.1","prefixlen":24}]}]'


def found(
    host: str = "w-1", *, endpoint: str = "192.0.2.1:6443", first: dict[str, str] | None = None, **changed: str
) -> list[str]:
    """Findings about a cluster of three of which the first is a member, and a host answers otherwise."""
    answers = {name: healthy(number) for number, name in enumerate(QUERIED, start=1)}
    of_first = {"member": MARK, "kubelet": kubelet("cp-1"), "nodes": LISTED} if first is None else first
    for name, lines in (("cp-1", of_first), (host, changed)):
        for probe, line in lines.items():
            said: Answer = Answered(line) if line else Absent()
            answers[name][probe] = said
    made = cluster(control_plane_endpoint=endpoint)
    return [f"[{f.code}] {f.line}" for f in judge(made, network(), answers, queried=QUERIED)]


def test_a_worker_that_was_reset_by_hand_joins_again_whatever_the_reset_left() -> None:
    assert found(member=MARK, addresses=LEFT, cni="10-flannel.conflist") == []


def test_what_another_cluster_of_ours_left_is_told_as_on_any_host() -> None:
    left = found(member="member other 198.51.100.1:6443", cni="10-flannel.conflist")
    assert left == [
        "[cni-present] w-1: has a CNI configuration not managed by Underlay (10-flannel.conflist); remove it from /etc/cni/net.d"
    ]


def test_a_node_that_was_deleted_is_no_finding() -> None:
    assert found("w-2", member=MARK, kubelet=kubelet("w-2")) == []


@pytest.mark.parametrize("name", ["w-9", "kube-frodo-worker-01a346cae00e2fcda"])
def test_a_host_that_was_renamed(name: str) -> None:
    assert found("w-2", member=MARK, kubelet=kubelet(name)) == [
        f"[other-cluster] w-2: has joined the cluster as {name}, which is none of its nodes; {RESET}"
    ]


def test_a_host_that_is_in_the_cluster_by_another_name() -> None:
    listed = f"{LISTED}w-9|192.0.2.3|True|;"
    of_first = {"member": MARK, "kubelet": kubelet("cp-1"), "nodes": listed}
    [line] = found("w-2", first=of_first, member=MARK, kubelet=kubelet("w-9"))
    assert "is in the cluster as node w-9; name it so in the inventory" in line
    assert line.endswith(RESET)


def test_a_node_of_the_name_that_is_another_host() -> None:
    listed = LISTED.replace("192.0.2.2", "192.0.2.77")
    [line] = found(first={"member": MARK, "kubelet": kubelet("cp-1"), "nodes": listed})
    assert line.startswith(
        "[node-elsewhere] w-1: the cluster has a node w-1 at 192.0.2.77, and this host is 192.0.2.2;"
    )


def test_a_worker_of_a_cluster_that_the_first_host_has_left() -> None:
    for of_first in ({"member": MARK}, {"member": MARK, "kubelet": kubelet("cp-1", OTHER_CA), "nodes": LISTED}):
        [line] = found(first=of_first, member=MARK, kubelet=kubelet("w-1"))
        assert line == f"[other-cluster] w-1: is in a cluster that cp-1 is not in (https://192.0.2.1:6443); {RESET}"


def test_an_endpoint_that_was_corrected() -> None:
    # After a failed init or join it is only begun again.
    assert found(endpoint="192.0.2.9:6443", first={"member": "started ordinary API.corp.example:6443"}) == []
    assert found(endpoint="192.0.2.9:6443", member="started ordinary API.corp.example:6443")[1:] == []
    # After a complete init it is in certificates.
    old = {"member": "member ordinary k8s-api.corp.example:6443", "kubelet": kubelet("cp-1"), "nodes": LISTED}
    [line] = found(first=old)
    assert line.startswith(
        "[record-differs] cp-1: control_plane_endpoint: the cluster was made with k8s-api.corp.example:6443"
    )
    assert line.endswith(RESET)
    assert found(first=old | {"nodes": ""})[0] == line
    # Once it is recorded, the record is compared.
    assert found(first=old | {"recorded": "ConfigMap {};;Path 1500;;"}) == []


def test_a_member_of_another_cluster_of_ours() -> None:
    [line] = found(first={"member": "member other 198.51.100.1:6443", "kubelet": kubelet("cp-1")})
    assert line.startswith(
        "[other-cluster] cp-1: is a member of another cluster (other 198.51.100.1:6443); take the host out"
    )


def test_a_member_of_a_cluster_that_is_not_ours_is_told_once() -> None:
    occupied = "/etc/kubernetes/kubelet.conf file - 0 2025-03-01;"
    [line] = found(kubelet=kubelet("w-1", OTHER_CA), occupied=occupied)
    assert (
        "is a member of a cluster not managed by Underlay (/etc/kubernetes/kubelet.conf of 2025-03-01 exists)" in line
    )
