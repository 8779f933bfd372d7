"""The members of etcd are what its gateway lists, each asked whether it answers; what it does not say is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.clusters import cluster, network, node
from tests.unit.local_host import Shell
from underlay.model.node import Role
from underlay.plan.etcd_members import EtcdMember, etcd_members, is_form
from underlay.plan.host_questions import probes
from underlay.resources.answer import Absent, Answer, Answered, Unknown

THREE = tuple(node(f"cp-{number}", number, role=Role.CONTROL_PLANE) for number in (1, 2, 3))
# What the gateway of etcd 3.7.0 answers to /v3/cluster/member/list.
LISTED = (
    '{"header":{"cluster_id":"14841639068965178418","member_id":"10276657743932975437","raft_term":"2"},"members":['
    '{"ID":"10276657743932975437","name":"cp-1","peerURLs":["https://192.0.2.1:2380"],"clientURLs":["https://192.0.2.1:2379"]},'
    '{"ID":"1609","name":"cp-2","peerURLs":["https://192.0.2.2:2380"],"clientURLs":["https://192.0.2.2:2379"]},'
    '{"ID":"7","peerURLs":["https://[2001:db8::3]:2380"],"isLearner":true}]}'
)
CURL = f"""\
for last do :; done
case "$*" in
  *member/list*) printf '%s' '{LISTED}';;
  *192.0.2.1:2379/health) ;;
  *) exit 28;;
esac
"""


def answered(shell: Shell, tmp_path: Path, curl: str, *, name: str = "cp-1") -> Answer:
    """What a member among three control-plane hosts says, by its curl."""
    made = cluster(nodes=THREE)
    (tmp_path / "kubernetes/manifests").mkdir(parents=True)
    for there in ("admin.conf", "manifests/etcd.yaml"):
        (tmp_path / "kubernetes" / there).touch()
    shell.places = {"/etc/kubernetes": str(tmp_path / "kubernetes"), "/var/lib/underlay": str(tmp_path)}
    shell.program_is("curl", curl)
    [probe] = [p for p in probes(made, network(), made.node(name)) if p.name == "etcd"]
    return probe.read(shell.ask(probe)[0])


def test_members_are_listed_and_each_is_asked(shell: Shell, tmp_path: Path) -> None:
    found = answered(shell, tmp_path, CURL)
    assert isinstance(found, Answered)
    assert etcd_members(found.line) == [
        EtcdMember("10276657743932975437", "cp-1", "192.0.2.1", answers=True),
        EtcdMember("1609", "cp-2", "192.0.2.2", answers=False),
        EtcdMember("7", "", "2001:db8::3", answers=False),
    ]


@pytest.mark.parametrize(
    ("curl", "reason"),
    [
        (
            "echo 'curl: (7) Failed to connect to 127.0.0.1 port 2379' >&2; exit 7",
            "etcd: curl: (7) Failed to connect to 127.0.0.1 port 2379",
        ),
        ("echo '{}'", "its answer makes no sense: {}"),
        ("echo '<html>'", "its answer makes no sense: <html>"),
        (":", "etcd: its reply is empty"),
    ],
)
def test_an_etcd_that_does_not_answer_is_unknown(shell: Shell, tmp_path: Path, curl: str, reason: str) -> None:
    assert answered(shell, tmp_path, curl) == Unknown(reason)


def test_where_there_is_no_etcd_nothing_is_asked(shell: Shell, tmp_path: Path) -> None:
    assert answered(shell, tmp_path, "exit 7", name="cp-2") == Absent()
    [probe] = [p for p in probes(cluster(), network(), cluster().first) if p.name == "etcd"]
    assert probe.read(shell.ask(probe)[0]) == Absent()


@pytest.mark.parametrize(
    "line", ["", "x", "[]", "{}", '{"members":[{}]}', '{"members":[{"ID":"1","peerURLs":[]}]}', '{"members":7}']
)
def test_what_lists_no_members_is_no_answer(line: str) -> None:
    assert not is_form(line)
