"""What kubeadm would refuse on a host is asked by a shell, and read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.clusters import cluster
from tests.unit.kubeadm_ground import Ground
from underlay.plan import answer_forms, attempt, occupation
from underlay.plan.probe import Probe
from underlay.resources.answer import Absent, Answered

DAY = 1_700_000_000  # 2023-11-14


@pytest.fixture(params=["sh", "bash"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    found = Ground(tmp_path / "host", request.param)
    found.shell.program_is("mountpoint", f"[ -e {tmp_path}/mounted ]")
    return found


def said(ground: Ground, question: str, form: Callable[[str], bool]) -> str:
    """The line that a question is answered with; empty for none."""
    probe = Probe("it", question, "what is there", form, occupation.PRELUDE, may_lack=True)
    match [probe.read(answer) for answer in ground.shell.ask(probe)]:
        case [Answered(line)]:
            return line
        case other:
            assert other == [Absent()]
    return ""


def occupied(ground: Ground, host: str = "cp-1") -> list[tuple[str, ...]]:
    answer = said(ground, occupation.question(cluster().node(host)), answer_forms.occupants)
    return [
        (o.path.removeprefix(str(ground.root)), o.how, o.what, o.megabytes, o.date)
        for o in occupation.occupants(answer)
    ]


def test_a_host_that_has_nothing_answers_nothing(ground: Ground) -> None:
    assert occupied(ground) == []
    ground.write(["/var/lib/etcd/x"], "")
    (ground.root / "var/lib/etcd/x").unlink()
    ground.write(["/etc/kubernetes/manifests/kube-vip.yaml", "/etc/kubernetes/audit-policy.yaml"], "allowed")
    assert occupied(ground) == []


def test_data_of_an_etcd_is_told_with_its_size_and_day(ground: Ground) -> None:
    ground.write(["/var/lib/etcd/default/member/snap/db"], "x" * 3 * 2**20)
    os.utime(ground.root / "var/lib/etcd/default/member/snap/db", (DAY, DAY))
    assert occupied(ground) == [("/var/lib/etcd", "directory", "etcd", "4", "2023-11-14")]
    (ground.root.parent / "mounted").touch()
    assert occupied(ground)[0][1] == "mount"
    assert occupied(ground, "w-1") == []


@pytest.mark.parametrize(("path", "what"), [("lost+found/x", "lost+found"), (".hidden", "other"), ("a b/c;d", "other")])
def test_a_directory_that_is_not_empty_is_told(ground: Ground, path: str, what: str) -> None:
    ground.write([f"/var/lib/etcd/{path}"], "")
    [(_, _, found, _, _)] = occupied(ground)
    assert found == what


def test_files_of_another_cluster_are_told_by_role(ground: Ground) -> None:
    ground.write(
        ["/etc/kubernetes/kubelet.conf", "/etc/kubernetes/admin.conf", "/etc/kubernetes/manifests/etcd.yaml"], ""
    )
    assert [path for path, *_ in occupied(ground)] == [
        "/etc/kubernetes/kubelet.conf",
        "/etc/kubernetes/admin.conf",
        "/etc/kubernetes/manifests/etcd.yaml",
    ]
    assert [path for path, *_ in occupied(ground, "w-1")] == ["/etc/kubernetes/kubelet.conf"]


def test_a_link_is_what_it_points_to_as_for_kubeadm(ground: Ground) -> None:
    link = ground.root / "etc/kubernetes/kubelet.conf"
    link.symlink_to("elsewhere")
    assert occupied(ground, "w-1") == []
    ground.write(["/etc/kubernetes/elsewhere"], "")
    assert [path for path, *_ in occupied(ground, "w-1")] == ["/etc/kubernetes/kubelet.conf"]


def test_what_an_attempt_of_ours_created_is_not_in_its_way(ground: Ground) -> None:
    ground.write(["/etc/kubernetes/manifests/etcd.yaml"], "of before")
    ground.begin()
    ground.write(["/var/lib/etcd/member/snap/db", "/etc/kubernetes/admin.conf"], "of the attempt")
    assert [path for path, *_ in occupied(ground)] == ["/etc/kubernetes/manifests/etcd.yaml"]


def test_data_of_before_is_in_the_way_of_the_second_attempt_as_well(ground: Ground) -> None:
    ground.write(["/var/lib/etcd/default/member/snap/db"], "of before")
    ground.begin()
    assert [what for _, _, what, _, _ in occupied(ground)] == ["etcd"]
    ground.write([attempt.BEFORE], "")
    assert [what for _, _, what, _, _ in occupied(ground)] == ["etcd"]


def test_certificates_are_told_by_their_digests_and_keys_by_name_alone(ground: Ground) -> None:
    ground.write(["/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/pki/ca.key", "/etc/kubernetes/pki/sa.pub"], "x\n")
    answer = said(ground, occupation.PKI, answer_forms.certificates).replace(str(ground.root), "")
    digest = "73cb3858a687a849"  # printf 'x\n' | sha256sum
    assert occupation.certificates(answer) == {
        "/etc/kubernetes/pki/ca.crt": digest,
        "/etc/kubernetes/pki/ca.key": "",
        "/etc/kubernetes/pki/sa.pub": digest,
    }
