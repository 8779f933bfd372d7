"""What a cluster's record and its tokens say to the next deploy."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.clusters import cluster, network
from tests.unit.local_host import Shell
from underlay.plan.host_questions import left_tokens, probes, recorded_problems
from underlay.resources.answer import Absent, Answer, Answered, Unknown


def test_a_clusters_record_is_compared() -> None:
    recorded = 'ConfigMap {"pod_subnet": "10.1.0.0/16"};;'
    assert recorded_problems(recorded, {"pod_subnet": "10.1.0.0/16"}) == []
    [line] = recorded_problems(recorded, {"pod_subnet": "10.2.0.0/16"})
    assert line == (
        "pod_subnet: the cluster was made with 10.1.0.0/16, the inventory has 10.2.0.0/16 (a deploy does not change it "
        "on a running cluster); restore the old value, or make a new cluster"
    )
    assert recorded_problems("", {"pod_subnet": "10.2.0.0/16"}) == []


@pytest.mark.parametrize(
    ("key", "old", "new", "differing"),
    [
        ("network", {"mode": "a", "vni": 1}, {"mode": "a", "vni": 7}, ["network.vni: the cluster was made with 1, the"]),
        ("network", {"mode": "a", "vni": 1}, {"mode": "b"}, ["network.mode: the cluster was made with a, the inventory"]),
        ("network", {"mode": "a"}, {"mode": "a", "ttl": None}, ["network.ttl: the cluster was made with none, the"]),
        ("kubelet", {"x": True, "y": 1}, {"x": False, "z": 1}, ["kubelet.y: the cluster has 1, the inventory nothing ("]),
    ],
)  # fmt: skip
def test_each_setting_that_differs_from_the_record_has_a_line(
    key: str, old: dict[str, Any], new: dict[str, Any], differing: list[str]
) -> None:
    lines = recorded_problems(f"ConfigMap {json.dumps({key: old})};;", {key: new})
    assert len(lines) == len(differing)
    assert all(line.startswith(start) for line, start in zip(lines, differing, strict=True))


def recorded(shell: Shell, tmp_path: Path, kubectl: str) -> Answer:
    """What a first control-plane host says its cluster was made with, by its kubectl."""
    (tmp_path / "admin.conf").touch()
    shell.places = {"/etc/kubernetes/admin.conf": str(tmp_path / "admin.conf")}
    shell.program_is("kubectl", kubectl)
    [probe] = [p for p in probes(cluster(), network(), cluster().first) if p.name == "recorded"]
    return probe.read(shell.ask(probe)[0])


def test_a_record_is_the_servers_whole_answer(shell: Shell, tmp_path: Path) -> None:
    text = 'ConfigMap {"pod_subnet": "10.1.0.0/16", "a": "two  blanks"};;Path 1500;;Secret ;;Path ;;'
    assert recorded(shell, tmp_path, f"printf '%s' '{text}'") == Answered(text)
    assert recorded(shell, tmp_path, f"echo 'W1130 a warning' >&2; printf '%s' '{text}'") == Answered(text)
    assert recorded(shell, tmp_path, ":") == Absent()


@pytest.mark.parametrize(
    ("kubectl", "reason"),
    [
        (
            "echo 'The connection to the server was refused' >&2; exit 1",
            "kubectl: The connection to the server was refused",
        ),
        ("printf 'ConfigMap {'; exit 1", "kubectl: exit status 1"),
        ("""printf 'ConfigMap {"pod_subnet": "10.1'""", 'its answer makes no sense: ConfigMap {"pod_subnet": "10.1'),
        ("""printf 'ConfigMap {};;Path 15x;;'""", "its answer makes no sense: ConfigMap {};;Path 15x;;"),
        ("kill -9 $$", "kubectl: exit status 137"),
    ],
)
def test_a_server_that_does_not_answer_is_no_missing_record(
    shell: Shell, tmp_path: Path, kubectl: str, reason: str
) -> None:
    assert recorded(shell, tmp_path, kubectl) == Unknown(reason)


HERE = ", though the API server of this host answers"
LOCAL = 'case "$*" in *--server=https://127.0.0.1:6443*) exit 0;; esac\n'


@pytest.mark.parametrize(
    ("kubectl", "reason"),
    [
        ("echo 'refused' >&2; exit 1", "kubectl: refused"),
        (f"{LOCAL}echo 'refused' >&2; exit 1", f"kubectl: refused{HERE}"),
        (f"{LOCAL}sleep 60", f"kubectl gave no answer within 1 s{HERE}"),
        ("sleep 60", "kubectl gave no answer within 1 s"),
    ],
)
def test_an_endpoint_that_does_not_lead_to_the_server_is_told_from_a_server_that_is_down(
    shell: Shell, tmp_path: Path, kubectl: str, reason: str
) -> None:
    shell.program_is("timeout", 'shift; exec /usr/bin/timeout 1 "$@"')
    found = recorded(shell, tmp_path, kubectl)
    assert found == Unknown(reason.replace("1 s", "10 s"))


def test_an_endpoint_that_takes_no_connections_costs_its_time_once(shell: Shell, tmp_path: Path) -> None:
    # A listener whose queue is full: the kernel drops what comes, as a host that is gone would.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        at = server.getsockname()
        with contextlib.ExitStack() as waiting:
            for _ in range(8):
                client = waiting.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(at)
            (tmp_path / "admin.conf").write_text(f"    server: https://127.0.0.1:{at[1]}\n")
            began = time.monotonic()
            found = recorded(shell, tmp_path, f"{LOCAL}echo asked >>{tmp_path}/asked; exit 1")
    assert found == Unknown(f"no connection to 127.0.0.1:{at[1]} within 5 s{HERE}")
    assert time.monotonic() - began < 20
    assert not (tmp_path / "asked").exists()


def test_a_first_host_without_a_cluster_has_no_record(shell: Shell) -> None:
    shell.places = {"/etc/kubernetes/": "/no/such/"}
    [probe] = [p for p in probes(cluster(), network(), cluster().first) if p.name == "recorded"]
    assert probe.read(shell.ask(probe)[0]) == Absent()


def test_this_machine_answers_every_question_in_its_form(shell: Shell) -> None:
    chosen = [p for p in probes(cluster(), network(), cluster().nodes[1]) if p.name not in ("ports", "machine-id")]
    said = {p.name: p.read(answer) for p, answer in zip(chosen, shell.ask(*chosen), strict=True)}
    missing = {"ip is not installed", "hostname is not installed"}
    assert not [s for s in said.values() if isinstance(s, Unknown) and s.reason not in missing]


def test_tokens_of_joins_that_were_cut_off_are_noticed() -> None:
    assert left_tokens("ConfigMap {};;Secret ;;")
    assert not left_tokens("ConfigMap {};;")
