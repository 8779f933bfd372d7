"""A firewall in iptables, as ufw and Docker make it: which chains drop, and what is put in front of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.firewall import Pass
from underlay.resources.iptables import Iptables

NODES = ("192.0.2.1", "192.0.2.2")
RULES = Iptables(
    (
        Pass("input", 4, sources=NODES, reply=True),
        Pass("input", 4, protocol="tcp", ports=((6443, 6443), (30000, 32767))),
        Pass("input", 4, sources=NODES, protocol="4"),
        Pass("forward", 4, sources=("10.244.0.0/16",)),
        Pass("forward", 4, destinations=("10.244.0.0/16", "10.96.0.0/16")),
    )
)
OPEN = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
UFW = """\
-P INPUT DROP
-P FORWARD DROP
-P OUTPUT ACCEPT
-N ufw-reject-input
-A INPUT -j ufw-reject-input
"""


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Path:
    """What the two programs list stands in two files; what -restore reads is written to others."""
    for program in ("iptables", "ip6tables"):
        (tmp_path / program).write_text(OPEN)
        shell.program_is(
            program,
            f"case $* in -V) echo '{program} v1.8.9 (nf_tables)';; '-w 10 -S') cat {tmp_path}/{program};; esac",
        )
        shell.program_is(
            f"{program}-restore", f'echo "# $*" >{tmp_path}/{program}.input; cat >>{tmp_path}/{program}.input'
        )
    shell.program_is("systemctl", "exit 1")
    return tmp_path


def test_is_as_declared_where_nothing_is_dropped(shell: Shell, host: Path) -> None:
    assert shell.observe(RULES) == ["none"]


@pytest.mark.parametrize(
    ("file", "text", "unit"),
    [
        ("ufw/ufw.conf", "# comment\nENABLED=yes\nLOGLEVEL=low\n", "ufw"),
        ("iptables/rules.v4", "*filter\n:INPUT DROP [0:0]\nCOMMIT\n", "netfilter-persistent"),
        ("iptables/rules.v6", "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j REJECT\nCOMMIT\n", "netfilter-persistent"),
        ("sysconfig/iptables", "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n", "iptables"),
    ],
)
def test_a_firewall_that_starts_at_the_next_boot_is_found(
    shell: Shell, host: Path, file: str, text: str, unit: str
) -> None:
    shell.places = {f"/etc/{name}": str(host / "etc" / name) for name in ("ufw", "iptables", "sysconfig")}
    configuration = host / "etc" / file
    configuration.parent.mkdir(parents=True)
    configuration.write_text(text)
    assert shell.observe(RULES) == ["none"]
    shell.program_is("systemctl", f'[ "$*" = "is-enabled -q {unit}" ]')
    assert shell.observe(RULES) == [f"stopped: {unit}.service"]
    quiet = (
        text.replace("yes", "no")
        .replace("DROP", "ACCEPT")
        .replace("-A INPUT -j REJECT", "-A INPUT -s 203.0.113.1 -j DROP")
    )
    configuration.write_text(quiet)
    assert shell.observe(RULES) == ["none"]


def test_is_as_declared_where_there_is_no_iptables(shell: Shell) -> None:
    shell.only_programs("grep", "sed", "paste", "cat", "awk")
    assert shell.observe(RULES) == ["none"]


@pytest.mark.parametrize(
    ("listing", "closed"),
    [
        (UFW, "iptables INPUT,iptables FORWARD"),
        (OPEN + "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -j REJECT\n", "iptables INPUT"),
        (OPEN + "-A FORWARD -j REJECT --reject-with icmp-host-prohibited\n", "iptables FORWARD"),
        (OPEN + '-A INPUT -m comment --comment "the end" -j DROP\n', "iptables INPUT"),
        (OPEN + "-N no\n-A INPUT -j no\n-A no -j LOG\n-A no -j DROP\n", "iptables INPUT"),
        (OPEN + "-N no\n-A INPUT -j no\n-A no -s 203.0.113.1/32 -j DROP\n", None),
        (OPEN + "-A INPUT -m conntrack --ctstate INVALID -j DROP\n", None),
        (OPEN + "-A INPUT -j DROP\n-A INPUT -j ACCEPT\n", None),
        (OPEN.replace("OUTPUT ACCEPT", "OUTPUT DROP"), "iptables OUTPUT"),
    ],
)
def test_finds_a_chain_that_drops(shell: Shell, host: Path, listing: str, closed: str | None) -> None:
    (host / "iptables").write_text(listing)
    assert shell.observe(RULES) == [f"closed: {closed}" if closed else "none"]


def test_ipv6_is_left_alone_by_a_cluster_without(shell: Shell, host: Path) -> None:
    (host / "ip6tables").write_text(UFW)
    assert shell.observe(RULES) == ["none"]
    assert shell.observe(Iptables((*RULES.passes, Pass("input", 6)))) == ["closed: ip6tables INPUT,ip6tables FORWARD"]


def test_legacy_iptables_is_not_queried_for_a_table_that_nobody_loaded(shell: Shell, host: Path) -> None:
    shell.places = {"/proc/net": str(host)}
    shell.program_is("iptables", f"case $* in -V) echo 'iptables v1.8.9 (legacy)';; *) cat {host}/iptables;; esac")
    (host / "iptables").write_text(UFW)
    (host / "ip_tables_names").write_text("nat\n")
    assert shell.observe(RULES) == ["none"]
    (host / "ip_tables_names").write_text("nat\nfilter\n")
    assert shell.observe(RULES) == ["closed: iptables INPUT,iptables FORWARD"]


JUMP = f'-A INPUT -m comment --comment "underlay {RULES.tag}" -j UNDERLAY-INPUT\n'


def test_knows_its_own_rules_and_older_ones(shell: Shell, host: Path) -> None:
    listing = UFW.replace("FORWARD DROP", "FORWARD ACCEPT")
    (host / "iptables").write_text(listing + JUMP)
    assert shell.observe(RULES) == ["unmaintained"]
    (host / "iptables").write_text(listing + JUMP.replace(RULES.tag, "0123456789ab"))
    assert shell.observe(RULES) == ["closed: iptables INPUT"]


def test_adds_its_own_chain_and_a_jump_in_front(shell: Shell, host: Path) -> None:
    (host / "iptables").write_text(UFW + JUMP.replace(RULES.tag, "0123456789ab"))
    script = f"tag={RULES.tag}\n{RULES.functions}\n{RULES.rules()}\nchains=$(u_iptables_chains)\nu_iptables_open\n"
    assert shell.run(script).rc == 0
    assert (
        (host / "iptables.input").read_text()
        == f"""\
# -n -w
*filter
:UNDERLAY-INPUT - [0:0]
:UNDERLAY-FORWARD - [0:0]
:UNDERLAY-OUTPUT - [0:0]
:UNDERLAY-1 - [0:0]
-A UNDERLAY-INPUT -m conntrack --ctstate INVALID -j RETURN
-A UNDERLAY-INPUT -s 192.0.2.1 -j UNDERLAY-1
-A UNDERLAY-INPUT -s 192.0.2.2 -j UNDERLAY-1
-A UNDERLAY-1 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A UNDERLAY-INPUT -p tcp -m multiport --dports 6443,30000:32767 -j ACCEPT
-A UNDERLAY-1 -p 4 -j ACCEPT
-A UNDERLAY-FORWARD -m conntrack --ctstate INVALID -j RETURN
-A UNDERLAY-FORWARD -s 10.244.0.0/16 -j ACCEPT
-A UNDERLAY-FORWARD -d 10.244.0.0/16 -j ACCEPT
-A UNDERLAY-FORWARD -d 10.96.0.0/16 -j ACCEPT
-D INPUT -m comment --comment "underlay 0123456789ab" -j UNDERLAY-INPUT
-I INPUT 1 -m comment --comment "underlay {RULES.tag}" -j UNDERLAY-INPUT
-I FORWARD 1 -m comment --comment "underlay {RULES.tag}" -j UNDERLAY-FORWARD
COMMIT
"""
    )
    assert not (host / "ip6tables.input").exists()


def test_removes_what_is_its_own_and_makes_no_table_where_there_is_none(shell: Shell, host: Path) -> None:
    (host / "iptables").write_text(UFW + "-N UNDERLAY-1\n-N UNDERLAY-INPUT\n" + JUMP)
    shell.program_is("rmdir", "true")
    shell.places = {"/usr/local/lib/underlay": str(host / "lib"), "/etc/systemd": str(host), "/run/underlay": str(host)}
    assert shell.run("set -eu\n" + RULES.remove()).rc == 0
    assert (
        (host / "iptables.input").read_text()
        == f"""\
# -n -w
*filter
-D INPUT -m comment --comment "underlay {RULES.tag}" -j UNDERLAY-INPUT
-F UNDERLAY-1
-F UNDERLAY-INPUT
-X UNDERLAY-1
-X UNDERLAY-INPUT
COMMIT
"""
    )
    assert not (host / "ip6tables.input").exists()


@pytest.mark.parametrize(
    ("saved", "problem"),
    [
        (
            ":INPUT DROP [0:0]\n-A INPUT -j ufw\n",
            "iptables: INPUT drops the cluster's traffic (no jump to Underlay's chain)",
        ),
        (":INPUT DROP [0:0]\n-A INPUT -j UNDERLAY-INPUT\n", None),
        (":INPUT ACCEPT [0:0]\n", None),
        ("", None),
    ],
)
def test_checks_by_what_iptables_saves(saved: str, problem: str | None) -> None:
    assert RULES.check(SayingHost({"iptables-save -t filter": Result(0, saved)})) == problem


def test_checks_the_programs_of_the_clusters_families_alone() -> None:
    closed = SayingHost({"iptables-save": Result(0), "ip6tables-save": Result(0, ":INPUT DROP [0:0]\n")})
    assert RULES.check(closed) is None
    assert Iptables((*RULES.passes, Pass("input", 6))).check(closed) == (
        "ip6tables: INPUT drops the cluster's traffic (no jump to Underlay's chain)"
    )
