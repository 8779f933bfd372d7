"""Programs of the control plane that have not read the certificates they were given."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.kubeadm_certificates import KubeadmCertificates
from underlay.resources.static_pods import StaticPods

PODS = StaticPods()
# As Linux 6.18 wrote it for the API server of a lab; {start} is when it was started, in hundredths since the boot.
STAT = (
    "{pid} ({comm}) S 1 1 1 0 -1 4194560 12 0 0 0 5 3 0 0 20 0 9 0 {start} 1323118592 9000 18446744073709551615 1 1 0 0 0 "
    "0 0 0 2143420159 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
)
UP = 50_000


class Machine:
    """Processes as /proc shows them, and the files that kubeadm gave them."""

    def __init__(self, shell: Shell, root: Path) -> None:
        self.files, self.proc = root / "kubernetes", root / "proc"
        shell.places |= {"/proc/": f"{self.proc}/", "/etc/kubernetes/": f"{self.files}/"}
        self.proc.mkdir()
        (self.proc / "uptime").write_text(f"{UP}.31 98000.11\n")
        (self.proc / "self").mkdir()

    def runs(self, pid: int, comm: str, *arguments: str, ago: float) -> None:
        there = self.proc / str(pid)
        there.mkdir()
        (there / "comm").write_text(f"{comm}\n")
        (there / "cmdline").write_text("\0".join(a.format(self.files) for a in arguments) + "\0")
        (there / "stat").write_text(STAT.format(pid=pid, comm=comm, start=round((UP - ago) * 100)))

    def wrote(self, name: str, *, ago: float) -> None:
        file = self.files / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("certificate")
        os.utime(file, (time.time() - ago,) * 2)


@pytest.fixture
def machine(shell: Shell, tmp_path: Path) -> Machine:
    """A control-plane host that was made three hours ago."""
    made = Machine(shell, tmp_path)
    for name in ("pki/ca.crt", "pki/apiserver.crt", "pki/etcd/server.crt", "scheduler.conf", "controller-manager.conf"):
        made.wrote(name, ago=10_800)
    made.runs(1, "systemd", "/sbin/init", ago=40_000)
    made.runs(
        *(101, "etcd", "etcd", "--cert-file={}/pki/etcd/server.crt", "--trusted-ca-file={}/pki/etcd/ca.crt"), ago=10_790
    )
    made.runs(
        *(102, "kube-apiserver", "kube-apiserver", "--tls-cert-file={}/pki/apiserver.crt"),
        "--client-ca-file={}/pki/ca.crt",
        ago=10_790,
    )
    made.runs(103, "kube-controller", "kube-controller-manager", "--kubeconfig={}/controller-manager.conf", ago=10_790)
    made.runs(104, "kube-scheduler", "kube-scheduler", "--kubeconfig={}/scheduler.conf", ago=10_790)
    return made


def test_programs_that_read_their_certificates_are_left_alone(shell: Shell, machine: Machine) -> None:
    # An application's own etcd has nothing of kubeadm's.
    machine.runs(300, "etcd", "etcd", "--cert-file=/data/server.crt", ago=20_000)
    assert shell.observe(PODS) == ["behind:"]
    assert PODS.difference("behind:") is None


def test_those_that_run_with_what_was_renewed_since_are_named(shell: Shell, machine: Machine) -> None:
    machine.wrote("pki/apiserver.crt", ago=60)
    machine.wrote("controller-manager.conf", ago=60)
    (observed,) = shell.observe(PODS)
    assert observed == "behind: kube-apiserver kube-controller-manager"
    assert PODS.sentence(observed) == (
        "control plane programs: certificates were renewed since kube-apiserver, kube-controller-manager started -> "
        "restarted"
    )


def test_a_file_of_tomorrow_proves_nothing(shell: Shell, machine: Machine) -> None:
    machine.wrote("pki/apiserver.crt", ago=-86_400)
    assert shell.observe(PODS) == ["behind:"]


def test_where_kubeadm_has_not_been_nothing_is_behind(shell: Shell, tmp_path: Path) -> None:
    Machine(shell, tmp_path)
    assert shell.observe(PODS) == ["behind:"]


def test_renewed_certificates_are_asked_after_again() -> None:
    assert PODS.follows({KubeadmCertificates().name})
    assert not PODS.follows({"/usr/local/bin/kubeadm"})


def test_a_check_names_the_file_that_is_newer_than_the_container() -> None:
    class Newer(SayingHost):
        def run(self, command: str, *args: str) -> Result:
            return Result(0, "/etc/kubernetes/pki/etcd/peer.crt\n" if " = etcd ]" in command else "")

    assert PODS.check(Newer({})) == (
        "control plane: etcd was started before /etc/kubernetes/pki/etcd/peer.crt was written"
    )
