"""What a host cannot say before a reset is unknown, and stops the reset; it is never nothing to take away."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.local_host import Shell
from underlay.plan.host_record import DIRECTORY, Prior
from underlay.reset.kinds import question
from underlay.reset.questions import QUESTIONS, HostState, host_state
from underlay.resources.answer import Absent, Answer, Answered, UnansweredError, Unknown
from underlay.resources.api_server import MEMBER

RESOURCES = "sysctl\tnet.ipv4.ip_forward\t0\nfile\t/etc/hosts\tabsent"
LINKS = '[{"ifname":"lo","mtu":65536,"addr_info":[{"local":"127.0.0.1","prefixlen":8}]}]'
# What a member of a cluster says, as it prints it.
WHOLE = {
    "left": "none",
    "user": "0",
    "version": "1",
    "resources": base64.b64encode(RESOURCES.encode()).decode(),
    "modes": base64.b64encode(b'flannel-vxlan {"links":["cni0","flannel.1"]}').decode(),
    "paths": base64.b64encode(b"/etc/cni\ncomplete").decode(),
    "prior_tables": "table inet filter;",
    "mark": "member lab 192.0.2.1:6443",
    "links": LINKS,
    "routes": '[{"dst":"default","gateway":"192.0.2.254","dev":"eth0"}]',
    "routes6": "[]",
    "rules": base64.b64encode(b"-4 0:\tfrom all lookup local").decode(),
    "prior_rules": "",
    "tables": "table ip kube-proxy;",
    "chains": "INPUT KUBE-FIREWALL",
    "sets": "",
    "prior_sets": "",
    "programs": "",
    "ipsec": "",
    "kubernetes": "/etc/kubernetes/admin.conf /var/lib/etcd/member",
    "pods": "12",
    "etcd": "yes",
}


def read(said: dict[str, str]) -> dict[str, Answer]:
    return {q.name: q.read(Answered(said[q.name]) if said[q.name] else Absent()) for q in QUESTIONS}


def test_a_whole_answer_is_the_hosts_state() -> None:
    known = host_state(read(WHOLE))
    assert (known.has_etcd, known.pods, known.mark) == (True, 12, "member lab 192.0.2.1:6443")
    assert [p.name for p in known.prior] == ["net.ipv4.ip_forward", "/etc/hosts"]
    assert known.modes == ('flannel-vxlan {"links":["cni0","flannel.1"]}',)
    assert known.chains == ("INPUT", "KUBE-FIREWALL")


SPOILED = st.text(max_size=12) | st.sampled_from(
    ["Welcome to w-1!", "{", "[1]", "[{}]", '[{"dst": 5}]', "%%%", "-1", "9x"]
)


@given(name=st.sampled_from(sorted(WHOLE)), cut=st.integers(0, 400), spoiled=SPOILED, how=st.sampled_from("cfr"))
def test_of_a_spoiled_answer_nobody_takes_nothing_for_granted(name: str, cut: int, spoiled: str, how: str) -> None:
    whole = WHOLE[name]
    cut %= len(whole) + 1
    line = {"c": whole[:cut], "f": f"{spoiled} {whole}", "r": spoiled}[how]
    # The shell's own marks tell a reply that breaks off; here a line that arrived is judged.
    try:
        known = host_state(read({**WHOLE, name: " ".join(line.split())}))
    except UnansweredError:
        return
    assert isinstance(known, HostState)


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_lost_answer_stops_the_reset(name: str) -> None:
    with pytest.raises(UnansweredError):
        host_state({**read(WHOLE), name: Unknown("its reply breaks off")})


def answer(shell: Shell, name: str) -> Answer:
    [question] = [q for q in QUESTIONS if q.name == name]
    return question.read(shell.ask(question)[0])


@pytest.mark.parametrize("name", ["version", "resources", "modes", "paths", "prior_tables", "prior_rules", "mark"])
def test_a_record_that_cannot_be_read_is_no_missing_record(shell: Shell, tmp_path: Path, name: str) -> None:
    shell.places = {DIRECTORY: str(tmp_path), MEMBER: str(tmp_path / "mark")}
    assert answer(shell, name) == Absent()
    # As a file on a disk that fails: it is there, and reading it ends with an error.
    (tmp_path / name.removeprefix("prior_")).mkdir()
    assert isinstance(answer(shell, name), Unknown)


@pytest.mark.parametrize(
    ("name", "program", "script", "reason"),
    [
        ("links", "ip", "echo 'Cannot send dump request: Permission denied' >&2; exit 1", "ip: Cannot send dump request"),
        ("routes", "ip", "exit 255", "ip: exit status 255"),
        ("tables", "nft", "echo 'netlink: Error: cache initialization failed: Operation not permitted' >&2; exit 1",
         "nft: netlink: Error: cache initialization failed: Operation not permitted"),
        ("tables", "nft", "kill -9 $$", "nft: "),
        ("chains", "iptables-save",
         "echo 'Another app is currently holding the xtables lock.' >&2; exit 4", "iptables-save: Another app is"),
        ("chains", "ip6tables-save", "echo 'iptables: Permission denied (you must be root).' >&2; exit 1",
         "ip6tables-save: iptables: Permission denied"),
        ("links", "ip", "echo '[{\"ifname\":'", "its answer makes no sense: "),
        ("links", "ip", ":", "its answer is empty"),
        ("user", "id", "echo Welcome", "its answer makes no sense: Welcome"),
    ],
)  # fmt: skip
def test_a_program_that_fails_leaves_it_unknown(
    shell: Shell, name: str, program: str, script: str, reason: str
) -> None:
    shell.program_is(program, script)
    found = answer(shell, name)
    assert isinstance(found, Unknown), found
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    ("name", "program", "script"),
    [
        ("tables", "nft", "echo 'cache initialization failed: Protocol not supported' >&2; exit 1"),
        ("chains", "iptables-legacy-save",
         "echo \"iptables-save: can't initialize: Table does not exist (do you need to insmod?)\" >&2; exit 3"),
    ],
)  # fmt: skip
def test_what_a_kernel_lacks_is_not_there(shell: Shell, name: str, program: str, script: str) -> None:
    for other in ("iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy"):
        shell.program_is(f"{other}-save", ":")
    shell.program_is(program, script)
    assert answer(shell, name) == Absent()


def test_chains_of_all_kinds_of_iptables_are_listed_once(shell: Shell) -> None:
    for other in ("ip6tables", "ip6tables-legacy"):
        shell.program_is(f"{other}-save", ":")
    shell.program_is("iptables-save", "printf '*filter\\n:INPUT ACCEPT [0:0]\\n:KUBE-A - [0:0]\\nCOMMIT\\n'")
    shell.program_is("iptables-legacy-save", "printf '*nat\\n:INPUT ACCEPT [0:0]\\n:KUBE-B - [0:0]\\nCOMMIT\\n'")
    assert answer(shell, "chains") == Answered("INPUT KUBE-A KUBE-B")


def test_without_ip_nothing_is_known_of_routes_and_links(shell: Shell) -> None:
    shell.only_programs("sh", "bash", "cat", "sed", "tail", "timeout", "tr", "base64", "sort", "ls", "wc", "id")
    for name in ("links", "routes", "rules", "ipsec"):
        assert answer(shell, name) == Unknown("ip is not installed")


def test_what_is_asked_beside_it_after_a_reset_takes_no_name_of_it(shell: Shell, tmp_path: Path) -> None:
    shell.places = {DIRECTORY: str(tmp_path), MEMBER: str(tmp_path / "mark")}
    beside = [q for kind in ("file", "unit", "sysctl", "directory") if (q := question(Prior(kind, "/none", "")))]
    assert len(beside) == 4
    found = shell.ask(*QUESTIONS, *beside)
    answers = {q.name: q.read(a) for q, a in zip(QUESTIONS, found, strict=False)}
    assert [name for name in ("version", "mark", "resources", "modes") if answers[name] != Absent()] == []
