"""A firewall in nftables: which chains drop, what is put in front of them, and that nothing else is touched.

Whether packets pass is tried with a real one in tests/lab/test_prepared.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.firewall import Pass
from underlay.resources.nftables import Nftables

PASSES = (
    Pass("input", 4, sources=("192.0.2.1", "192.0.2.2"), reply=True),
    Pass("input", 4, protocol="tcp", ports=((6443, 6443), (30000, 32767))),
    Pass("input", 4, sources=("192.0.2.1", "192.0.2.2"), protocol="4"),
    Pass("forward", 4, destinations=("10.244.0.0/16",)),
)
V6 = (Pass("input", 6, sources=("2001:db8::1",), protocol="udp", ports=((8472, 8472),)),)
RULES = Nftables(PASSES)


def ruleset(*rules: str, policy: str = "accept", table: str = "inet filter", chain: str = "input") -> str:
    """What `nft -s list ruleset` prints of one base chain, with a set before it and a chain that drops after."""
    lines = [f"\t\ttype filter hook {chain.lower()} priority filter; policy {policy};", *(f"\t\t{r}" for r in rules)]
    body = "\n".join(lines)
    return f"""\
table {table} {{
	set bad {{
		type ipv4_addr
		elements = {{ 203.0.113.1, 203.0.113.2 }}
	}}

	chain {chain} {{
{body}
	}}

	chain no {{
		counter log prefix "no " flags all reject with icmpx admin-prohibited comment "the end"
	}}

	chain yes {{
		counter accept
	}}
}}
"""


@dataclass
class Host:
    """A host with programs that print what was recorded, and an nft that records what it reads."""

    shell: Shell
    directory: Path

    def has(self, listing: str, *, handles: str = "") -> None:
        (self.directory / "listing").write_text(listing)
        (self.directory / "handles").write_text(handles)

    @property
    def input(self) -> list[str]:
        path = self.directory / "input"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Host:
    shell.places = {"/usr/local/lib/underlay": str(tmp_path / "programs")}
    (tmp_path / "programs").mkdir()
    shell.program_is(
        "nft",
        f"""case "$*" in
          "-s list ruleset") cat {tmp_path}/listing;;
          "-a list ruleset") cat {tmp_path}/handles;;
          "-f -") cat >{tmp_path}/input;;
          *) exit 1;;
        esac""",
    )
    for program in ("iptables", "ip6tables"):
        shell.program_is(program, "[ $1 = -V ] && echo 'iptables v1.8.9 (nf_tables)'")
    shell.program_is("systemctl", "exit 1")
    return Host(shell, tmp_path)


@pytest.mark.parametrize(
    ("listing", "closed"),
    [
        ("", False),
        (ruleset(), False),
        (ruleset(policy="drop"), True),
        (ruleset("tcp dport 22 accept", "drop"), True),
        (ruleset("tcp dport 22 accept", "counter drop"), True),
        (ruleset("counter packets 7 bytes 420 reject with tcp reset"), True),
        (ruleset('log prefix "a b" level warn counter drop comment "x y"'), True),
        (ruleset("jump no"), True),
        (ruleset('log prefix "drop" goto no'), True),
        (ruleset("jump yes"), False),
        (ruleset("jump yes", policy="drop"), True),
        (ruleset("drop", "accept"), False),
        (ruleset("ip saddr 203.0.113.1 drop"), False),
        (ruleset("ct state invalid drop"), False),
        (ruleset("limit rate 3/second reject"), False),
        (ruleset('log prefix "drop"'), False),
        (ruleset(policy="drop", table="ip firewall"), True),
        (ruleset(policy="drop", table="ip6 firewall"), False),
        (ruleset(policy="drop", table="bridge filter"), False),
        (ruleset(policy="drop", table="inet firewalld"), False),
        (ruleset(policy="drop", chain="forward"), True),
    ],
)
def test_finds_a_chain_that_drops(host: Host, listing: str, closed: bool) -> None:
    host.has(listing)
    assert host.shell.observe(RULES)[0].startswith("closed: ") == closed


def test_is_as_declared_where_there_is_no_firewall(host: Host) -> None:
    host.has(ruleset())
    assert host.shell.observe(RULES) == ["none"]
    assert RULES.sentence("none") is None


# What an administrator's /etc/nftables.conf holds, and whether it will drop what nothing accepts.
CONFIGURATIONS = [
    (ruleset(policy="drop"), True),
    (ruleset("tcp dport 22 accept", "counter drop"), True),
    ("table inet f { chain i { type filter hook input priority 0; policy drop; } }\n", True),
    (ruleset("tcp dport 22 accept").replace("chain no", "chain none").replace("reject with", "accept #"), False),
    ("#!/usr/sbin/nft -f\nflush ruleset\n", False),
    ("# policy drop;\ntable inet f {\n\tchain i {\n\t\tip saddr 203.0.113.1 drop\n\t}\n}\n", False),
    ('include "/etc/nftables.d/*.nft"\n', False),
]


@pytest.mark.parametrize(("text", "closes"), CONFIGURATIONS)
@pytest.mark.parametrize("enabled", [True, False])
def test_a_firewall_that_starts_at_the_next_boot_is_found(
    host: Host, tmp_path: Path, text: str, closes: bool, enabled: bool
) -> None:
    host.has("")
    host.shell.places["/etc/nftables"] = str(tmp_path / "nftables")
    (tmp_path / "nftables.conf").write_text(text)
    host.shell.program_is("systemctl", f'[ "$*" = "is-enabled -q nftables" ] && {str(enabled).lower()}')
    observed = "stopped: nftables.service" if closes and enabled else "none"
    assert host.shell.observe(RULES) == [observed]
    if closes and enabled:
        assert RULES.sentence(observed) == (
            "firewall nftables: nftables.service is enabled and closes it at the next boot -> open to the cluster"
        )
        # Maintained by the unit, it is as declared.
        (tmp_path / "programs/nftables").write_text(f"tag={RULES.tag}\n")
        host.shell.program_is("systemctl", "true")
        assert host.shell.observe(RULES) == [f"current {RULES.tag}"]


def test_a_file_that_is_included_counts(host: Host, tmp_path: Path) -> None:
    host.has("")
    host.shell.places["/etc/nftables"] = str(tmp_path / "nftables")
    (tmp_path / "nftables.d").mkdir()
    (tmp_path / "nftables.d/site.nft").write_text(ruleset(policy="drop"))
    host.shell.program_is("systemctl", '[ "$*" = "is-enabled -q nftables" ]')
    assert host.shell.observe(RULES) == ["stopped: nftables.service"]


def test_is_as_declared_where_there_is_no_nftables(shell: Shell) -> None:
    shell.only_programs("grep", "sed", "paste", "cat")
    assert shell.observe(RULES) == ["none"]


def test_reports_which_chains_are_closed(host: Host) -> None:
    host.has(ruleset(policy="drop") + ruleset("drop", table="ip nat-and-more", chain="forward"))
    assert RULES.sentence(host.shell.observe(RULES)[0]) == (
        "firewall nftables: inet filter input, ip nat-and-more forward: closed -> open to the cluster"
    )


def test_chains_of_iptables_are_left_to_iptables(host: Host) -> None:
    host.has(ruleset(policy="drop", table="ip filter", chain="INPUT"))
    assert host.shell.observe(RULES) == ["closed: ip filter INPUT"]
    for program in ("iptables", "ip6tables"):
        host.shell.program_is(program, "[ $1 != -V ] || echo 'iptables v1.8.9 (nf_tables)'")
    assert host.shell.observe(RULES) == ["none"]


def test_a_dual_stack_cluster_is_let_through_both(host: Host) -> None:
    host.has(ruleset(policy="drop", table="ip6 firewall"))
    assert host.shell.observe(Nftables(PASSES + V6)) == ["closed: ip6 firewall input"]
    assert host.shell.observe(Nftables(V6)) == ["closed: ip6 firewall input"]
    host.has(ruleset(policy="drop", table="ip firewall"))
    assert host.shell.observe(Nftables(V6)) == ["none"]


OURS = f'jump underlay-input comment "underlay {RULES.tag}"'


def test_knows_its_own_rules_and_older_ones(host: Host) -> None:
    host.has(ruleset(OURS, "tcp dport 22 accept", policy="drop"))
    assert host.shell.observe(RULES) == ["unmaintained"]
    host.has(ruleset(OURS.replace(RULES.tag, "0123456789ab"), policy="drop"))
    assert host.shell.observe(RULES) == ["closed: inet filter input"]


def test_is_as_declared_when_a_unit_maintains_the_rules(host: Host) -> None:
    host.has(ruleset(OURS, policy="drop"))
    host.shell.program_is("systemctl", "true")
    (host.directory / "programs/nftables").write_text(f"tag={RULES.tag}\n")
    assert RULES.sentence(host.shell.observe(RULES)[0]) is None
    (host.directory / "programs/nftables").write_text("tag=0123456789ab\n")
    assert RULES.sentence(host.shell.observe(RULES)[0]) == (
        "firewall nftables: unmaintained -> maintained by underlay-nftables.service"
    )


HANDLES = """\
table inet filter { # handle 1
	chain input { # handle 2
		type filter hook input priority filter; policy drop;
		jump underlay-input comment "underlay 0123456789ab" # handle 9
		tcp dport 22 accept comment "underlay of the site" # handle 3
	}
	chain underlay-input { # handle 8
		ip saddr 192.0.2.9 accept # handle 10
	}
}
"""


def opened(host: Host, rules: Nftables) -> list[str]:
    script = f"tag={rules.tag}\n{rules.functions}\n{rules.rules()}\nchains=$(u_nftables_chains)\nu_nftables_open\n"
    assert host.shell.run(script).rc == 0
    return host.input


def test_adds_its_own_chain_and_one_jump_in_front(host: Host) -> None:
    host.has(ruleset("tcp dport 22 accept", policy="drop"), handles=HANDLES)
    assert opened(host, RULES) == [
        "delete rule inet filter input handle 9",
        "add chain inet filter underlay-input",
        "flush chain inet filter underlay-input",
        "add rule inet filter underlay-input meta nfproto ipv4 ct state invalid return",
        "add rule inet filter underlay-input meta nfproto ipv4 ip saddr { 192.0.2.1, 192.0.2.2 } "
        "ct state established,related accept",
        "add rule inet filter underlay-input meta nfproto ipv4 tcp dport { 6443, 30000-32767 } accept",
        "add rule inet filter underlay-input meta nfproto ipv4 ip saddr { 192.0.2.1, 192.0.2.2 } meta l4proto 4 accept",
        f'insert rule inet filter input jump underlay-input comment "underlay {RULES.tag}"',
    ]


def test_a_table_of_one_ip_version_gets_the_rules_of_that(host: Host) -> None:
    host.has(ruleset(policy="drop", table="ip6 firewall"))
    rules = [line for line in opened(host, Nftables(PASSES + V6)) if line.startswith("add rule")]
    assert rules == [
        "add rule ip6 firewall underlay-input ct state invalid return",
        "add rule ip6 firewall underlay-input ip6 saddr { 2001:db8::1 } udp dport { 8472 } accept",
    ]


def test_removes_what_is_its_own(host: Host) -> None:
    host.has("", handles=HANDLES)
    host.shell.program_is("rmdir", "true")
    assert host.shell.run("set -eu\n" + RULES.remove()).rc == 0
    assert host.input == ["delete rule inet filter input handle 9", "delete chain inet filter underlay-input"]


def test_other_rules_have_another_tag() -> None:
    assert RULES.tag == Nftables(PASSES).tag != Nftables(PASSES[:-1]).tag


def says(*entries: dict[str, object]) -> SayingHost:
    return SayingHost({"nft -j list ruleset": Result(0, json.dumps({"nftables": list(entries)}))})


CHAIN = {
    "chain": {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "policy": "drop"}
}
JUMP = {
    "rule": {"family": "inet", "table": "filter", "chain": "input", "expr": [{"jump": {"target": "underlay-input"}}]}
}


def test_checks_by_what_nft_gives_as_data() -> None:
    assert (
        RULES.check(says(CHAIN))
        == "nftables: inet filter input drops the cluster's traffic (no jump to Underlay's chain)"
    )
    assert RULES.check(says(CHAIN, JUMP)) is None
    assert RULES.check(says({"chain": CHAIN["chain"] | {"policy": "accept"}})) is None
    assert RULES.check(says({"chain": CHAIN["chain"] | {"table": "firewalld"}})) is None
    assert RULES.check(says({"chain": CHAIN["chain"] | {"family": "ip6"}})) is None
    assert Nftables(V6).check(says({"chain": CHAIN["chain"] | {"family": "ip6"}})) is not None
    assert RULES.check(SayingHost({})) is None
