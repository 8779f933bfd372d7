"""What kubeadm would refuse, or take over, is told with its path, what it is, and a remedy that deletes nothing."""

from __future__ import annotations

import pytest

from tests.unit.clusters import cluster, high_available, network
from underlay.inventory.spec import read_spec
from underlay.preflight.host_findings import judge
from underlay.resources.answer import Absent, Answered

from .test_host_findings import QUERIED, healthy

CA = "/etc/kubernetes/pki/ca.crt 0123456789abcdef;"
KEY = "/etc/kubernetes/pki/ca.key ;"
ETCD = "/var/lib/etcd directory etcd 61 2025-08-14;"


def of_first(*, ignore: tuple[str, ...] = (), **changed: str) -> list[str]:
    """The findings about the first host of three, some of whose answers differ."""
    answers = {name: healthy(number) for number, name in enumerate(QUERIED, start=1)}
    answers["cp-1"] |= {name: Answered(line) for name, line in changed.items()}
    found = judge(cluster(ignore_preflight_errors=ignore), network(), answers, queried=QUERIED)
    return [f"[{f.code}] {f.line}" for f in found]


def test_data_of_an_etcd() -> None:
    is_there = "/var/lib/etcd has data of an etcd (61 MB, last written 2025-08-14)"
    assert of_first(occupied=ETCD) == [
        f"[etcd-data] cp-1: {is_there}; move it away: mv /var/lib/etcd /var/lib/etcd.old"
    ]
    assert of_first(occupied=ETCD.replace("directory", "mount")) == [
        f"[etcd-data] cp-1: {is_there}; move it away: mkdir /var/lib/etcd.old && "
        "find /var/lib/etcd -mindepth 1 -maxdepth 1 -exec mv -t /var/lib/etcd.old {} +"
    ]


def test_data_is_told_also_where_an_attempt_of_ours_has_failed() -> None:
    [line] = of_first(occupied=ETCD, member="started ordinary 192.0.2.1:6443")
    assert line.startswith("[etcd-data]")


def test_a_file_system_of_its_own() -> None:
    [line] = of_first(occupied="/var/lib/etcd mount lost+found 1 2025-08-14;")
    assert line.endswith("etcd wants it empty; remove it: rmdir /var/lib/etcd/lost+found")


@pytest.mark.parametrize("name", ["DirAvailable--var-lib-etcd", "diravailable--VAR-lib-etcd", "all"])
def test_what_the_inventory_has_kubeadm_ignore_is_no_finding(name: str) -> None:
    assert of_first(occupied=ETCD, ignore=(name,)) == []


def test_another_clusters_files_are_one_finding_and_its_data_another() -> None:
    files = "".join(f"/etc/kubernetes/{n}.conf file - 0 2024-02-03;" for n in ("kubelet", "admin"))
    manifest = "/etc/kubernetes/manifests/etcd.yaml file - 0 2024-02-03;"
    stale = of_first(occupied=files + manifest + ETCD, pki=CA + KEY)
    assert [line.partition("]")[0] for line in stale] == ["[other-cluster", "[etcd-data"]
    assert "(/etc/kubernetes/kubelet.conf of 2024-02-03 and 2 more files exist)" in stale[0]
    assert stale[0].endswith("move away what is left of it: mv /etc/kubernetes /etc/kubernetes.old")
    running = of_first(occupied=files, ports='tcp10250 users:(("kubelet",pid=7,fd=3));')
    assert "`kubeadm reset -f` there, which deletes the cluster's data on this host" in running[0]


def test_manifests_without_a_kubelets_configuration() -> None:
    [line] = of_first(occupied="/etc/kubernetes/manifests/kube-apiserver.yaml file - 0 2024-02-03;")
    assert line.startswith("[control-plane-present] cp-1: has the manifests of a control plane not managed by Underlay")


def test_an_operators_own_ca_is_told_and_used() -> None:
    [line] = of_first(pki=CA + KEY)
    assert line == (
        "[pki-present] cp-1: /etc/kubernetes/pki has ca.crt, ca.key, which the cluster is made with; "
        "else move it away: mv /etc/kubernetes/pki /etc/kubernetes/pki.old"
    )


@pytest.mark.parametrize(("half", "missing"), [(CA, "ca.key"), (KEY, "ca.crt")])
def test_half_a_ca(half: str, missing: str) -> None:
    [line] = of_first(pki=half)
    assert line.startswith("[pki-incomplete] cp-1: has /etc/kubernetes/pki/ca.")
    assert f"without /etc/kubernetes/pki/{missing}; add the other" in line


def test_a_further_control_plane_host_has_the_first_ones_ca_or_none() -> None:
    spec = read_spec(*high_available())
    queried = dict.fromkeys(("cp-1", "cp-2", "cp-3", "w-1"), (999.5, 1000.5))

    def found(first: str, second: str) -> list[str]:
        answers = {name: healthy(number) for number, name in enumerate(queried, start=1)}
        for name, line in (("cp-1", first), ("cp-2", second)):
            answers[name]["pki"] = Answered(line) if line else Absent()
        return [f.code for f in judge(spec.cluster, spec.network, answers, queried=queried)]

    assert found(CA + KEY, CA + KEY) == ["pki-present"]
    assert found("", CA + KEY) == ["pki-foreign"]
    assert found(CA.replace("0", "f") + KEY, CA + KEY) == ["pki-present", "pki-foreign"]
