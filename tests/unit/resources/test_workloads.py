"""What is missing of workloads, and which pods are shown of one that does not become complete.

The rows are kubectl's own, of `get pods -A --no-headers -o wide` while Calico's agents crashed on a lab's nodes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Shell
from underlay.resources.answer import Unknown
from underlay.resources.objects import Objects
from underlay.resources.workloads import FUNCTIONS, unfinished

FLANNEL = ("kube-flannel", "daemonset/kube-flannel-ds")
COREDNS = ("kube-system", "deployment/coredns")


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ("1:1:3:3:3", None),
        ("1:1:3:3:2", "wait for DaemonSet kube-flannel-ds: 2 of 3 pods are ready"),
        ("2:2:3:1:3", "wait for DaemonSet kube-flannel-ds: 1 of 3 pods are of its newest version"),
        ("2:1:3:3:3", "wait for DaemonSet kube-flannel-ds: its controller has not seen its newest version"),
        ("1:0:0:0:0", "wait for DaemonSet kube-flannel-ds: its controller has not seen its newest version"),
        # No node is to run it.
        ("1:1:0:0:0", None),
        ("", "wait for DaemonSet kube-flannel-ds: it is not there"),
    ],
)
def test_an_unfinished_rollout_is_a_difference(numbers: str, sentence: str | None) -> None:
    network = Objects("flannel-vxlan", (), (FLANNEL,))
    line = f"same @kube-flannel/DaemonSet/kube-flannel-ds:{numbers}" if numbers else "same"
    assert network.difference(line) == sentence


def test_every_workload_is_named() -> None:
    words = ["@kube-flannel/DaemonSet/kube-flannel-ds:1:1:3:3:0", "@kube-system/Deployment/coredns:1:1:2:2:1"]
    assert list(unfinished([FLANNEL, COREDNS], words)) == [
        "wait for DaemonSet kube-flannel-ds: 0 of 3 pods are ready",
        "wait for Deployment coredns: 1 of 2 pods are ready",
    ]


def test_a_change_says_it_before_the_wait() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"a": "b"}}
    line = "same 0000 @kube-flannel/DaemonSet/kube-flannel-ds:1:1:3:3:1"
    assert Objects("x", (secret,), (FLANNEL,)).difference(line) == (
        "apply changes to Secret keys; wait for DaemonSet kube-flannel-ds: 1 of 3 pods are ready"
    )


def test_workloads_that_cannot_be_counted_are_unknown(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "admin.conf").touch()
    shell.places = {"/etc/kubernetes/admin.conf": str(tmp_path / "admin.conf")}
    said = "error: You must be logged in to the server (Unauthorized)"
    shell.program_is("kubectl", f"""shift; [ "$1" = diff ] || {{ echo '{said}' >&2; exit 1; }}""")
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    assert shell.ask(Objects("x", (item,), (FLANNEL,))) == [Unknown(f"kubectl: {said}")]


def test_all_workloads_are_counted_by_one_call(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "admin.conf").touch()
    shell.places = {"/etc/kubernetes/admin.conf": str(tmp_path / "admin.conf")}
    shell.program_is(
        "kubectl", f"""echo "$2" >>{tmp_path}/calls; cat >{tmp_path}/given; [ "$2" = diff ] || printf ' @a:1'"""
    )
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    assert shell.observe(Objects("x", (item,), (FLANNEL, COREDNS))) == ["same @a:1"]
    assert (tmp_path / "calls").read_text() == "diff\nget\n"
    assert [name in (tmp_path / "given").read_text() for name in ("kube-flannel-ds", "coredns")] == [True, True]


ROWS = """\
calico-system     calico-kube-controllers-7c8f6d4b5-x2v9k   0/1   Pending                 0               5m12s   <none>        <none>   <none>   <none>
calico-system     calico-node-4h7dz                         1/1   Running                 0               5m12s   10.216.1.11   cp-1     <none>   <none>
calico-system     calico-node-9wqkd                         0/1   Init:ImagePullBackOff   0               5m12s   10.216.1.21   w-1      <none>   <none>
calico-system     calico-node-tj5xv                         0/1   CrashLoopBackOff        5 (2m11s ago)   5m12s   10.216.2.22   w-2      <none>   <none>
tigera-operator   crds-once-bq2lp                           0/1   Completed               0               9m      10.216.1.11   cp-1     <none>   <none>
"""


@pytest.fixture
def failing(shell: Shell, tmp_path: Path) -> Path:
    (tmp_path / "rows").write_text(ROWS)
    shell.program_is(
        "kubectl",
        f"""echo "$@" >>{tmp_path}/calls
        case "$*" in
          *'get pods -A'*) cat {tmp_path}/rows;;
          *'get pod -n'*) echo 'calico-node ';;
          *'logs --previous'*) [ ! -e {tmp_path}/gone ] || {{ printf 'unable to retrieve container logs for containerd://b8925cfc'; exit; }}
            [ -e {tmp_path}/first ] && exit 1; echo '[PANIC] bird: cannot open /var/run/calico'; seq -s ' ' 200;;
          *logs*) echo 'it is the first time';;
        esac""",
    )
    return tmp_path


def test_pods_that_crash_come_first_and_say_why(shell: Shell, failing: Path) -> None:
    lines = shell.run(f"{FUNCTIONS}\nu_failing").stdout.splitlines()
    rows = ROWS.splitlines()
    assert lines[:4] == [
        rows[3],
        rows[2],
        rows[0],
        "calico-node-tj5xv calico-node: [PANIC] bird: cannot open /var/run/calico",
    ]
    assert len(lines[4]) == len("calico-node-tj5xv calico-node: ") + 240
    assert len(lines) == 5


@pytest.mark.parametrize("kind", ["first", "gone"])
def test_a_pod_that_crashed_once_has_no_previous_log(shell: Shell, failing: Path, kind: str) -> None:
    (failing / kind).touch()
    lines = shell.run(f"{FUNCTIONS}\nu_failing").stdout.splitlines()
    assert lines[3:] == ["calico-node-tj5xv calico-node: it is the first time"]


def test_no_log_is_read_where_nothing_crashes(shell: Shell, failing: Path) -> None:
    (failing / "rows").write_text("\n".join(r for r in ROWS.splitlines() if "CrashLoop" not in r) + "\n")
    assert len(shell.run(f"{FUNCTIONS}\nu_failing").stdout.splitlines()) == 2
    assert "logs" not in (failing / "calls").read_text()
