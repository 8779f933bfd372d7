"""The sources of a report: pytest's outcomes, the hosts' output, the context of the deploy."""

from __future__ import annotations

import json
import re
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.clusters import spec
from underlay.plan.secrets import Secrets
from underlay.report.document import CheckResult, PhaseTime, ReportedFinding
from underlay.report.evidence_commands import OF_CLUSTER, OF_HOST
from underlay.report.observed import ObservedHop, ObservedLink
from underlay.verify import link_state
from underlay.verify.check_items import area_of, detail_of, group_of, hosts_of, name_of
from underlay.verify.deploy_context import DeployContext
from underlay.verify.evidence_files import read_outputs, script, without_secrets
from underlay.verify.topology import paths

LINKS = [
    {"ifname": "lo", "link_type": "loopback", "mtu": 65536, "flags": ["UP"], "addr_info": [{"local": "127.0.0.1", "scope": "host"}]},
    {"ifname": "eth0", "mtu": 1500, "flags": ["UP"], "addr_info": [{"local": "192.0.2.2", "scope": "global"}], "linkinfo": {"info_kind": "veth"}},
    {"ifname": "tun7", "mtu": 1450, "flags": ["UP"], "addr_info": [{"local": "10.244.1.0", "scope": "global"}], "linkinfo": {"info_kind": "vxlan"}},
    {"ifname": "veth12", "mtu": 1450, "flags": ["UP"], "addr_info": [{"local": "fe80::1", "scope": "link"}], "linkinfo": {"info_kind": "veth"}},
    {"ifname": "spare", "mtu": 9000, "flags": [], "addr_info": []},
]  # fmt: skip


def answer(*routes: str, count: str = "0") -> str:
    return "\n".join([json.dumps(LINKS), count, *routes, ""])


def test_reads_links_but_not_loopback_and_ends_of_pods_pairs() -> None:
    found = link_state.read_output(answer(), address="192.0.2.2")
    assert found["links"] == [
        ObservedLink(name="eth0", kind="veth", mtu=1500, up=True),
        ObservedLink(name="tun7", kind="vxlan", mtu=1450, up=True),
        ObservedLink(name="spare", mtu=9000, up=False),
    ]


def test_a_route_over_the_link_with_the_nodes_address_is_no_tunnel() -> None:
    routes = (
        'cp-1\t[{"dst":"10.244.0.2","gateway":"10.244.0.0","dev":"tun7"}]',
        'w-2\t[{"gateway":"192.0.2.254","dev":"eth0"}]',
    )
    assert link_state.read_output(answer(*routes), address="192.0.2.2")["hops"] == [
        ObservedHop(to="cp-1", link="tun7", kind="vxlan", via="10.244.0.0"),
        ObservedHop(to="w-2", link="eth0", via="192.0.2.254"),
    ]


def test_a_route_that_does_not_exist_is_left_out() -> None:
    assert link_state.read_output(answer("cp-1\t", "w-2\tnonsense"), address="192.0.2.2")["hops"] == []


def test_counts_security_associations() -> None:
    assert link_state.read_output(answer(count="4"), address="192.0.2.2")["ipsec_states"] == 4


def test_unreadable_output_of_a_host_is_ignored() -> None:
    assert link_state.read_output("ip: not found", address="192.0.2.2") == {}


def test_reads_the_route_to_the_first_pod_of_every_other_node() -> None:
    text = link_state.command(
        "w-1", {"cp-1": ["10.244.0.0/24"], "w-1": ["10.244.1.0/24"], "w-2": [], "w-3": ["fd00::/64"]}
    )
    assert [line.split()[2:9] for line in text.splitlines() if "route get" in line] == [
        ["cp-1;", "ip", "-json", "route", "get", "10.244.0.2", "2>/dev/null"],
        ["w-3;", "ip", "-json", "route", "get", "fd00::2", "2>/dev/null"],
    ]


def test_reads_phases_and_findings_of_the_deploy() -> None:
    finding = {"code": "swap", "severity": "warns", "where": "w-1", "measured": "swap is on", "remedy": "switch it off",
               "accepted": "it is the lab's", "hosts": ["w-1"], "cause": "more"}  # fmt: skip
    context = DeployContext.of(
        {"hosts": {}, "phases": [["Connect", 1.26], ["Query hosts", 0.01]], "findings": [finding]}
    )
    assert context.phases_with_verify(9.96) == [
        PhaseTime(name="Connect", seconds=1.3),
        PhaseTime(name="Verify", seconds=10.0),
    ]
    assert context.findings == [
        ReportedFinding(
            code="swap", severity="warns", where="w-1", text="swap is on; switch it off", accepted="it is the lab's"
        )
    ]


def test_without_a_deploy_there_are_no_phases_and_findings() -> None:
    assert DeployContext.of({"hosts": {}}) == DeployContext()


def item(path: str, expected: str) -> Any:
    return SimpleNamespace(path=SimpleNamespace(stem=path), function=SimpleNamespace(__doc__=expected), name="test_x")


@pytest.mark.parametrize(
    ("stem", "group"), [("test_bgp", "BGP"), ("test_network_policy", "Network policy"), ("test_dns", "DNS")]
)
def test_groups_are_named_after_their_files(stem: str, group: str) -> None:
    assert group_of(item(stem, "")) == group


def test_the_claim_is_the_first_line_of_a_checks_docstring() -> None:
    assert area_of(item("test_x", "A Service answers.\n\n    More of it.")) == "A Service answers"


def skipped(reason: str) -> Any:
    return SimpleNamespace(passed=False, skipped=True, longrepr=("test_x.py", 1, f"Skipped: {reason}"))


def test_a_check_without_a_subject_says_so() -> None:
    assert detail_of(skipped("got empty parameter set for (session)")) == "the cluster has nothing of this kind"
    assert name_of(SimpleNamespace(callspec=SimpleNamespace(id="NOTSET"))) == "the cluster"


def test_the_detail_of_a_skipped_check_is_the_reason() -> None:
    assert detail_of(skipped("no policy engine")) == "no policy engine"


def test_the_detail_of_a_failure_is_the_checks_message() -> None:
    crash = SimpleNamespace(message="AssertionError: w-1 has 1400, not 1450\nassert 1400 == 1450")
    failed = SimpleNamespace(passed=False, skipped=False, longrepr=SimpleNamespace(reprcrash=crash))
    assert detail_of(failed) == "w-1 has 1400, not 1450"


def test_finds_hosts_in_the_parameters_of_a_check() -> None:
    path = SimpleNamespace(one="w-3", other="w-4")
    session = SimpleNamespace(one=SimpleNamespace(host="w-5"), other=SimpleNamespace(host="tor-1"))
    parameters = {
        "pair": ("w-1", "w-2"),
        "node": "cp-1",
        "check": SimpleNamespace(node="w-1"),
        "path": path,
        "s": session,
    }
    assert hosts_of(parameters | {"number": 5}) == ["w-1", "w-2", "cp-1", "w-3", "w-4", "w-5", "tor-1"]


def test_measured_paths_are_taken_as_they_are() -> None:
    measured = [
        {"from": "w-1", "to": "w-2", "class": "same rack", "checks": {"tcp": "ok"}, "latency_ms": 0.5, "odd": 1}
    ]
    (found,) = paths(SimpleNamespace(paths=measured), [])
    assert (found.from_, found.to, found.checks, found.latency_ms) == ("w-1", "w-2", {"tcp": "ok"}, 0.5)


def test_without_measured_paths_the_matrix_is_made_of_checks_of_pairs() -> None:
    target = SimpleNamespace(nodes=spec().cluster.nodes)
    checks = [
        CheckResult(area="Pod to pod", name="w-1 to w-2", outcome="failed", detail="no answer"),
        CheckResult(area="Node to pod", name="w-1 to w-2", outcome="passed"),
        CheckResult(area="Host state", name="w-1: file /etc/x to y", outcome="passed"),
    ]
    (found,) = paths(target, checks)
    assert found.checks == {"Pod to pod": "no answer", "Node to pod": "ok"}
    assert found.failed == ["Pod to pod"]


def test_outputs_are_found_by_the_names_of_their_commands() -> None:
    commands = {"one": "echo 'a quoted' word; echo more >&2", "two words": "exit 3", "three": "printf last"}
    ran = subprocess.run(["sh"], input=script(commands), text=True, capture_output=True, check=False)
    assert read_outputs(ran.stdout) == {"one": "a quoted word\nmore\n", "two words": "", "three": "last"}


@pytest.mark.parametrize("commands", [OF_HOST, OF_CLUSTER])
def test_the_commands_of_evidence_are_valid_shell(commands: dict[str, str]) -> None:
    checked = subprocess.run(["sh", "-n"], input=script(commands), text=True, capture_output=True, check=False)
    assert checked.stderr == ""
    for command in commands.values():
        assert subprocess.run(["sh", "-n"], input=command, text=True, capture_output=True, check=False).stderr == ""


def test_no_command_of_evidence_changes_a_host() -> None:
    writes = re.compile(r"\b(add|del|delete|set|flush|restart|rm|apply|edit|patch)\b|>> ?/|> ?/(?!dev/null)")
    assert [c for c in (*OF_HOST.values(), *OF_CLUSTER.values()) if writes.search(c)] == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("kubeadm join --token abcdef.0123456789abcdef --x", "kubeadm join --token <token> --x"),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb", "a\n<private key>\nb"),
        ("password: hunter2, next", "password: <hidden>, next"),
        ('"PrivateKey": "kOCD/Aa0="', '"PrivateKey": "<hidden>"'),
        ("Bearer eyJhbGciOiJSUzI1NiIs.eyJpc3Mi.c2lnbmF0dXJl", "Bearer <token>"),
        ("token-cleaner 10.244.0.1 is fine", "token-cleaner 10.244.0.1 is fine"),
    ],
)
def test_secrets_are_removed_by_their_shape(text: str, left: str) -> None:
    assert without_secrets(text, Secrets(spec())) == left
