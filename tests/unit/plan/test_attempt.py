"""What an attempt of kubeadm created is removed again, and nothing that was there before it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kubeadm_ground import CNI, Ground
from underlay.plan import attempt
from underlay.resources.api_server import MEMBER

# What `kubeadm init` 1.37 and the kubelet left on a host, in part.
CREATED = (
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/kubelet.conf",
    "/etc/kubernetes/manifests/etcd.yaml",
    "/etc/kubernetes/manifests/kube-apiserver.yaml",
    "/etc/kubernetes/pki/ca.crt",
    "/etc/kubernetes/pki/ca.key",
    "/etc/kubernetes/pki/sa.key",
    "/etc/kubernetes/pki/etcd/server.crt",
    "/var/lib/kubelet/config.yaml",
    "/var/lib/kubelet/kubeadm-flags.env",
    "/var/lib/kubelet/pki/kubelet-client-current.pem",
    "/var/lib/kubelet/pods/5b3f/etc-hosts",
    "/var/lib/etcd/member/snap/db",
    CNI,
)
# What operators put on hosts, and other programs.
FOREIGN = (
    "/etc/kubernetes/pki/ca.crt",
    "/etc/kubernetes/pki/ca.key",
    "/etc/kubernetes/pki/front-proxy-ca.crt",
    "/etc/kubernetes/pki/users/alice.key",
    "/etc/kubernetes/manifests/kube-vip.yaml",
    "/etc/kubernetes/audit-policy.yaml",
    "/etc/kubernetes/admin.conf",
    "/etc/cni/net.d/05-multus.conflist",
    CNI,
    "/var/lib/kubelet/config.json",
    "/var/lib/kubelet/plugins/csi.example.com/state",
    "/var/lib/kubelet/pki/kubelet.key",
    "/var/lib/etcd/default/member/snap/db",
    "/var/lib/etcd/.hidden",
    "/var/lib/etcd/member/wal/0.wal",
)


@pytest.fixture(params=["sh", "bash"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    return Ground(tmp_path / "host", request.param)


def test_what_the_attempt_created_is_removed(ground: Ground) -> None:
    ground.begin()
    ground.write(CREATED, "of the attempt")
    ground.write(["/sys/class/net/cni0/address"], "")
    ground.undo()
    assert ground.files() == {}
    assert "ip link delete cni0" in (ground.root / "ran").read_text()
    assert not (ground.root / "var/lib/underlay/member").exists()


@settings(max_examples=25)
@given(before=st.sets(st.sampled_from(FOREIGN)), created=st.sets(st.sampled_from(CREATED)))
def test_what_was_there_before_stays_whatever_the_attempt_created(before: set[str], created: set[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        ground = Ground(Path(directory) / "host")
        ground.write(before, "of before")
        ground.begin()
        ground.write(created - before, "of the attempt")
        ground.undo()
        assert {p: t for p, t in ground.files().items() if t == "of before"} == dict.fromkeys(before, "of before")
        # A directory of before is kept whole: what is in it cannot be told apart.
        kept = {f"/var/lib/{'/'.join(Path(p).parts[3:5])}" for p in before if p.startswith("/var/lib/")}
        has_etcd = any(p.startswith("/var/lib/etcd/") for p in before)
        left = {p for p, text in ground.files().items() if text == "of the attempt"}
        assert all(any(p.startswith(k) for k in kept) or (has_etcd and p.startswith("/var/lib/etcd")) for p in left)


def test_without_a_record_of_what_was_there_nothing_is_removed(ground: Ground) -> None:
    ground.write(CREATED, "of somebody")
    ground.write([MEMBER], "started ordinary 192.0.2.1:6443\n")
    ground.undo()
    assert ground.files() == dict.fromkeys(CREATED, "of somebody")


def test_a_record_that_a_crash_cut_off_is_none(ground: Ground) -> None:
    ground.begin()
    ground.write(CREATED, "of somebody")
    ground.write([attempt.BEFORE], "")
    ground.undo()
    assert ground.files() == dict.fromkeys(CREATED, "of somebody")


def test_etcd_on_a_worker_is_nobodys_business(ground: Ground) -> None:
    ground.begin()
    ground.write(["/var/lib/etcd/member/snap/db"], "an application's")
    ground.undo(etcd=False)
    assert list(ground.files()) == ["/var/lib/etcd/member/snap/db"]


def test_a_ca_that_the_operator_brings_after_a_failure_stays(ground: Ground) -> None:
    ground.begin()
    ground.write(CREATED, "of the attempt")
    ground.write([attempt.FAILED], "")
    # Times of files have the kernel's tick for a unit.
    while (ground.root / "tick").exists() is False or (ground.root / "tick").stat().st_ctime_ns <= (
        ground.root / attempt.FAILED[1:]
    ).stat().st_mtime_ns:
        ground.write(["/tick"], "")
    ground.write(["/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/pki/ca.key"], "the operator's")
    ground.undo()
    assert ground.files() == {f"/etc/kubernetes/pki/ca.{end}": "the operator's" for end in ("crt", "key")}


def test_what_is_mounted_below_the_kubelets_directory_is_not_emptied(ground: Ground) -> None:
    ground.begin()
    ground.write([*CREATED, "/var/lib/kubelet/plugins/disk/data"], "mounted")
    mounts = [ground.root / "var/lib/kubelet" / m for m in ("pods/5b3f/volumes/token", "plugins/disk")]
    lines = (f"26 25 8:1 /srv {m} rw - ext4 /dev/sda1 rw\n" for m in mounts)
    ground.write(["/proc/self/mountinfo"], "".join(lines))
    ground.undo()
    assert list(ground.files()) == ["/var/lib/kubelet/plugins/disk/data"]
    assert f"umount {mounts[0]}" in (ground.root / "ran").read_text()
    assert f"umount {mounts[1]}" not in (ground.root / "ran").read_text()


@pytest.mark.parametrize(("was_ours", "ports", "left"), [(True, 0, False), (True, 1, True), (False, 0, True)])
def test_of_a_former_pod_subnet_the_agents_notes_go_and_a_bridge_that_nothing_hangs_on(
    ground: Ground, was_ours: bool, ports: int, left: bool
) -> None:
    notes, ports_of = ground.root / "run/flannel", ground.root / "sys/class/net/cni0/brif"
    for directory in (notes, ports_of):
        directory.mkdir(parents=True)
    (notes / "subnet.env").write_text("FLANNEL_SUBNET=10.244.77.1/24\n")
    for number in range(ports):
        (ports_of / f"veth{number}").mkdir()
    if was_ours:
        ground.write([MEMBER], "member ordinary 192.0.2.1:6443")
    ground.shell.places |= {"/run/flannel": str(notes), "/sys/class/net": str(ground.root / "sys/class/net")}
    ground.shell.program_is("ip", f'echo "$@" >>{ground.root}/deleted')
    assert ground.shell.run(attempt.forget_subnet(["cni0"], ["/run/flannel/subnet.env"])).rc == 0
    assert not list(notes.iterdir())
    assert (ground.root / "deleted").exists() is not left
