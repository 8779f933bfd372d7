"""A question that was not answered is never "nothing there": it stops what depends on it, by its cause."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyinfra.context import ctx_state

from underlay.findings.finding import Finding
from underlay.inventory.limit import Limit
from underlay.plan.cluster_objects import record
from underlay.run import observe
from underlay.run.plan_changes import planned, query_all_hosts
from underlay.run.preflight_findings import findings_of_hosts

from .answering_hosts import Answering

REFUSED = "kubectl: The connection to the server 192.0.2.1:6443 was refused - did you specify the right host or port?"
SEE_API = (
    "see there why the API server does not answer (`journalctl -u kubelet`, /var/log/pods/kube-system_*), "
    "and run again once it does"
)
MEMBER = {
    "member": "member ordinary 192.0.2.1:6443",
    "kubelet": "https://192.0.2.1:6443 0123456789abcdef x",
    "nodes": "cp-1|192.0.2.1|True|10.244.0.0/24;w-1|192.0.2.2|True|10.244.1.0/24;w-2|192.0.2.3|True|10.244.2.0/24;",
}


@pytest.fixture(autouse=True)
def _asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "_API_BACK_S", 0)
    monkeypatch.setattr(observe, "run_as_root", lambda host, _script, _arguments: host.reply())


def findings(hosts: Answering) -> list[Finding]:
    query_all_hosts(hosts.state)
    with ctx_state.use(hosts.state):
        return findings_of_hosts()


def lines(hosts: Answering) -> list[str]:
    return [f.line for f in findings(hosts)]


def members(mode: str, **changes: Any) -> Answering:
    """Hosts of a cluster that was made with a mode, under an inventory that asks for flannel-vxlan."""
    made = json.dumps(record(Answering(mode).run.spec))
    said = {name: dict(MEMBER) for name in ("cp-1", "w-1", "w-2")}
    said["cp-1"]["recorded"] = f"ConfigMap {made};;Path 1500;;"
    return Answering(said=said, **changes)


def test_hosts_that_answer_everything_are_fit() -> None:
    assert lines(Answering()) == []
    problems, changes = planned(Answering().state)
    assert (problems, "cluster: init" in changes["cp-1"]) == ([], True)
    assert planned(members("flannel-vxlan").state)[0] == []


def test_of_hosts_that_are_named_only_those_are_planned() -> None:
    answering = Answering()
    answering.run.limit = Limit(("w-1",), ("cp-1", "w-2"))
    problems, changes = planned(answering.state)
    assert (problems, list(changes)) == ([], ["w-1"])
    assert "cluster: join" in changes["w-1"]


def test_a_record_that_was_not_read_refuses_whatever_the_inventory_asks_for() -> None:
    (differs,) = lines(members("flannel-host-gw"))
    assert "network.mode: the cluster was made with flannel-host-gw, the inventory has flannel-vxlan" in differs
    for made in ("flannel-host-gw", "flannel-vxlan"):
        silent = members(made, ends={"cp-1": {"recorded": f"1 {REFUSED}"}})
        assert lines(silent) == [f"cp-1: could not be asked what its cluster was made with ({REFUSED}); {SEE_API}"]
        problems, changes = planned(silent.state)
        assert (len(problems), changes) == (1, {})


def test_an_endpoint_that_leads_nowhere_has_its_own_remedy_and_is_waited_for_less() -> None:
    reason = f"{REFUSED}, though the API server of this host answers"
    silent = members("flannel-vxlan", ends={"cp-1": {"recorded": f"1 {reason}"}})
    assert lines(silent) == [
        f"cp-1: could not be asked what its cluster was made with ({reason}); see why control_plane_endpoint does not lead "
        "there (its address, its load balancer), and run again"
    ]
    assert observe._ENDPOINT_BACK_S < 10


def test_a_question_that_timed_out_over_an_open_endpoint_does_not_accuse_the_endpoint() -> None:
    reason = "kubectl gave no answer within 10 s, though the API server of this host answers"
    (line,) = lines(members("flannel-vxlan", ends={"cp-1": {"recorded": f"1 {reason}"}}))
    assert line.endswith(
        "see whether the host is overloaded (`uptime` there), or what the load balancer does, and run again"
    )


@pytest.mark.parametrize(
    "said",
    [
        "Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired or is not yet "
        "valid: current time 2026-12-01T09:00:00Z is after 2026-11-28T10:00:00Z",
        "error: You must be logged in to the server (the server has asked for the client to provide credentials)",
    ],
)
def test_certificates_that_have_ended_have_a_remedy_that_needs_no_api_server(said: str) -> None:
    (line,) = lines(members("flannel-vxlan", ends={"cp-1": {"recorded": f"1 kubectl: {said}"}}))
    assert line.endswith(
        "; renew the cluster's certificates if they have ended: underlay certificates INVENTORY --renew"
    )


def test_objects_that_were_not_looked_up_are_not_to_be_created() -> None:
    hosts = members(
        "flannel-vxlan", ends={"cp-1": {"objects flannel-vxlan": f"1 {REFUSED}", "recorded": f"1 {REFUSED}"}}
    )
    problems, changes = planned(hosts.state)
    assert problems == [
        f"cp-1: could not be asked what its cluster was made with and objects flannel-vxlan ({REFUSED}); {SEE_API}"
    ]
    assert changes == {}


def test_an_api_server_that_is_back_in_a_moment_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(observe, "_API_BACK_S", 20)
    hosts = members("flannel-vxlan")
    silent = members("flannel-vxlan", ends={"cp-1": {"recorded": f"1 {REFUSED}"}}).output("cp-1")
    hosts.spoils = {"cp-1": lambda output: silent if hosts.queried.count("cp-1") < 3 else output}
    waits: list[float] = []
    monkeypatch.setattr(observe.time, "sleep", waits.append)
    assert lines(hosts) == []
    assert (hosts.queried.count("cp-1"), len(waits)) == (3, 2)
    assert f"the API server does not answer ({REFUSED}); asking again" in caplog.text


def test_the_api_server_of_another_cluster_is_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "_API_BACK_S", 20)
    foreign = {
        "cp-1": {
            "occupied": "/etc/kubernetes/admin.conf file - 0 2025-03-01;",
            "kubelet": "https://198.51.100.1:6443 0123456789abcdef cp-1",
        }
    }
    (line,) = lines(Answering(said=foreign, ends={"cp-1": {"recorded": f"1 {REFUSED}", "nodes": f"1 {REFUSED}"}}))
    assert line.startswith("cp-1: is a member of a cluster not managed by Underlay (/etc/kubernetes/admin.conf of ")


def test_a_login_that_is_not_root_is_one_finding() -> None:
    healthy = members("flannel-vxlan")
    healthy.said["w-1"].update(user="1000", member="", kubelet="", ports='tcp10250 users:(("kubelet",pid=7,fd=3));')  # type: ignore[attr-defined]
    assert lines(healthy) == [
        "w-1: the login is not root (uid 1000); log in as root by `ssh_user`, or set `_sudo` in the inventory",
    ]


def test_a_host_that_prints_nothing_of_ours_is_one_finding() -> None:
    assert lines(Answering(spoils={"w-1": lambda _: ["This account is currently not available."]})) == [
        "w-1: could not be asked anything (its reply breaks off); "
        "run again; if it stays so, see what a command over SSH prints and says there"
    ]


def test_a_host_without_iproute2_is_told_to_install_it() -> None:
    missing = dict.fromkeys(("addresses", "routes", "peers"), "127 ip is not installed")
    assert lines(Answering(ends={"w-1": missing | {"ports": "127 ss is not installed"}})) == [
        "w-1: could not be asked which ports are taken (ss is not installed); run `apt-get install --reinstall iproute2` there",
        "w-1: could not be asked its addresses, its routes and its routes to other nodes (ip is not installed); "
        "run `apt-get install --reinstall iproute2` there",
    ]


NUMBERS = st.integers(0, 400)
FOREIGN = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=30) | st.sampled_from(
    ["You have mail.", "@0 0", "@1=0 ", "\x1b]0;root@w-1\x07", "@", "[]", "0", "Last login: Mon Nov 30 05:00:00 2026"]
)


def _cut(output: list[str], at: int, _: str) -> list[str]:
    return output[: at % len(output)]


def _cut_in_line(output: list[str], at: int, _: str) -> list[str]:
    at %= len(output)
    return [*output[:at], output[at][: len(output[at]) // 2]]


def _lose(output: list[str], at: int, _: str) -> list[str]:
    at %= len(output)
    return [*output[:at], *output[at + 1 + at % 7 :]]


def _speak(output: list[str], at: int, text: str) -> list[str]:
    at %= len(output) + 1
    return [*output[:at], text, *output[at:]]


def _garble(output: list[str], at: int, text: str) -> list[str]:
    at %= len(output)
    line = output[at]
    return [*output[:at], line[: len(line) // 2] + text + line[len(line) // 2 :], *output[at + 1 :]]


def _late(output: list[str], at: int, _: str) -> list[str]:
    at %= len(output)
    return [*output[:at], *output[at + 1 :], output[at]]


def _repeat(output: list[str], at: int, _: str) -> list[str]:
    return [*output, *output[at % len(output) :]]


SPOILED = st.tuples(st.sampled_from([_cut, _cut_in_line, _lose, _speak, _garble, _late, _repeat]), NUMBERS, FOREIGN)


def _spoiled(output: list[str], how: list[Any]) -> list[str]:
    for spoil, at, text in how:
        output = spoil(output, at, text) or [""]
    return output


@settings(max_examples=150, deadline=None)
@given(how=st.lists(SPOILED, min_size=1, max_size=3), mode=st.sampled_from(["flannel-vxlan", "flannel-host-gw"]))
def test_whatever_becomes_of_the_answers_none_is_made_up(how: list[Any], mode: str) -> None:
    hosts = members(mode)
    whole = hosts.output("cp-1")
    hosts.spoils = {"cp-1": lambda _: _spoiled(whole, how)}
    problems, changes = planned(hosts.state)
    assert all("\n" not in line for line in problems)
    # The record says another mode, or nobody has read it: either way nothing may be planned.
    assert problems or mode == "flannel-vxlan"
    if not problems:
        assert "cluster: init" not in changes["cp-1"]


@settings(max_examples=100, deadline=None)
@given(at=NUMBERS, how=st.sampled_from([_cut, _lose, _late]))
def test_lost_answers_are_told_as_lost_and_as_nothing_else(at: int, how: Any) -> None:
    hosts = members("flannel-vxlan", spoils={"cp-1": lambda output: how(output, at, "")})
    assert {f.code for f in findings(hosts)} <= {"unanswered"}


def test_images_that_nothing_supplies_are_found_where_a_host_is_to_pull_them() -> None:
    def codes(hosts: Answering) -> list[str]:
        hosts.run.spec = replace(hosts.run.spec, artifacts={"source": "bundle", "path": "/b"})
        return [f.code for f in findings(hosts)]

    assert codes(Answering("weave-sleeve")) == ["images-unsupplied"]
    assert codes(Answering("none")) == []
    # A cluster that runs has pulled them, whatever its source is now.
    member = members("weave-sleeve")
    member.run.spec = Answering("weave-sleeve").run.spec
    assert codes(member) == []
