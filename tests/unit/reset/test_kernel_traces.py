"""Rules, address sets, BPF programs and IPsec: a network's go by name, priority or addresses, an operator's stay."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, ip_network
from pathlib import Path

import pytest

from tests.unit.local_host import Shell
from underlay.networks.registry import modes
from underlay.reset.kernel_traces import (
    IPVS_REMOVAL,
    PROGRAMS,
    Program,
    ipsec,
    programs,
    rule_removal,
    rules,
    sets_removal,
)

NODES = {"192.0.2.1", "192.0.2.2"}
ANY = str(IPv4Address(0))
PODS = [ip_network("10.244.0.0/16"), ip_network("fd00:244::/56")]

# As `tc filter show dev eth0 ingress` of iproute2 6.15 printed a program that was attached from a pin and, below, one
# that is named as Cilium's loader names it (progName-link), as a tc would show it that prints no name of the program.
FILTERS = """\
filter protocol all pref 49152 bpf chain 0
filter protocol all pref 49152 bpf chain 0 handle 0x1 x:[*fsobj] direct-action not_in_hw id 30611 name cil_from_netdev \
tag 7c85c77581178cdb jited
filter protocol all pref 1 bpf chain 0
filter protocol all pref 1 bpf chain 0 handle 0x2 cil_to_netdev-eth0 direct-action not_in_hw id 12 tag 3b185187f1855c4c
filter protocol ip pref 5 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 flowid 1:1 not_in_hw
"""
# As `ip -d -json address show` of iproute2 6.15 has it.
XDP = {"ifname": "eth1", "xdp": {"mode": 1, "prog": {"id": 30612, "name": "cil_xdp_entry", "tag": "614b434cd8324ecc"}}}

# As `ip -s xfrm policy list` of iproute2 6.15 printed one, counters left out; states, which this kernel has none of,
# after its source.
POLICY = """\
src {source} dst {to} uid 0
\tdir {way} action allow index {index} priority 0 ptype main share any flag  (0x00000000)
\tlifetime config:
\t  limit: soft (INF)(bytes), hard (INF)(bytes)
\tmark 0x3e00/0xff00
\ttmpl src {first} dst {last}
\t\tproto esp spi 0x00000000(0) reqid 0(0x00000000) mode tunnel
"""
STATE = """\
src {first} dst {last}
\tproto esp spi 0x00000003 reqid 1 mode tunnel
\treplay-window 0 mark 0x3d00/0xff00 output-mark 0xd00/0xffffff00
\taead rfc4106(gcm(aes)) 128
"""


def policy(index: int, source: str, to: str, first: str, last: str, way: str = "out") -> str:
    return POLICY.format(index=index, source=source, to=to, first=first, last=last, way=way)


def test_a_program_of_tc_is_read_with_and_without_its_name(shell: Shell) -> None:
    shell.program_is("ls", "echo eth0")
    shell.program_is("tc", f'[ "$5" = egress ] || cat <<"END"\n{FILTERS}END')
    listed = shell.run(PROGRAMS).stdout.splitlines()
    assert listed == ["eth0 ingress 49152 0x1 cil_from_netdev", "eth0 ingress 1 0x2 cil_to_netdev-eth0"]
    found = programs(listed, "[]", ["cil_*"], going=())
    assert found == [
        Program("eth0", "ingress", "49152", "0x1", "cil_from_netdev"),
        Program("eth0", "ingress", "1", "0x2", "cil_to_netdev-eth0"),
    ]


def test_programs_of_others_and_of_links_that_go_are_left_alone() -> None:
    lines = ["eth0 ingress 7 0x1 site_filter", "lxc1 ingress 1 0x1 cil_from_container", "eth0 egress 1 0x1 cilly"]
    assert programs(lines, "[]", ["cil_*"], going=["lxc1"]) == []
    assert [str(p) for p in programs([], json.dumps([XDP]), ["cil_*"], going=())] == ["cil_xdp_entry (eth1 xdp)"]
    assert programs([], json.dumps([XDP]), ["cali_*"], going=()) == []


@pytest.mark.parametrize(
    ("listed", "selected"),
    [
        (STATE.format(first="192.0.2.1", last="192.0.2.2"), ["state src 192.0.2.1 dst 192.0.2.2"]),
        (STATE.format(first="192.0.2.1", last="203.0.113.1"), []),
        (policy(9, "0.0.0.0/0", "198.51.100.0/24", "192.0.2.1", "203.0.113.1"), []),
        (policy(9, "192.0.2.1/32", "192.0.2.2/32", "192.0.2.1", "192.0.2.2"), ["policy dir out index 9"]),
        (policy(17, "0.0.0.0/0", "10.244.1.0/24", "192.0.2.1", "192.0.2.2"), ["policy dir out index 17"]),
        (policy(26, "0.0.0.0/0", "0.0.0.0/0", ANY, "10.244.0.5", "fwd"), ["policy dir fwd index 26"]),
        (policy(33, "::/0", "fd00:244:0:1::/64", "2001:db8::1", "2001:db8::9"), ["policy dir out index 33"]),
        (policy(41, "10.0.0.0/8", "10.0.0.0/8", "192.0.2.1", "203.0.113.1"), []),
        ("", []),
    ],
)
def test_of_ipsec_what_is_between_nodes_or_pods_goes(listed: str, selected: list[str]) -> None:
    assert ipsec(listed, NODES, PODS) == selected


def test_a_rule_goes_by_its_priority_unless_it_was_there_before() -> None:
    lines = [
        "-4 0:\tfrom all lookup local",
        "-4 9:\tfrom all fwmark 0x200/0xf00 lookup 2004 proto kernel",
        "-4 10:\tfrom 192.0.2.66 lookup 78",
        "-6 10:\tfrom all fwmark 0xa00/0xf00 lookup 2005",
    ]
    priorities = {p for mode in modes().values() for p in mode(**mode.example()).traces().rule_priorities}
    assert rules(lines, priorities, ["-4 10:\tfrom 192.0.2.66 lookup 78"]) == [
        "-4 9: from all fwmark 0x200/0xf00 lookup 2004 proto kernel",
        "-6 10: from all fwmark 0xa00/0xf00 lookup 2005",
    ]


def test_a_rule_that_leads_to_the_main_table_empties_none() -> None:
    assert "route" not in rule_removal("-4 99: not from all fwmark 0x100000/0x100000 lookup main")


# In the form of ipvsadm-save's manual, not recorded: kube-proxy's virtual servers, and two of an operator's keepalived.
IPVS = """\
-A -t 10.96.0.1:443 -s rr
-a -t 10.96.0.1:443 -r 192.0.2.1:6443 -m -w 1
-A -u 10.96.0.10:53 -s rr
-A -t [fd00:96::a]:53 -s rr
-A -t 192.0.2.1:30080 -s rr -p 10800
-A -t 192.0.2.1:80 -s wlc
-A -t 203.0.113.9:30090 -s wlc
-A -f 5 -s rr
"""
ADDRESSES = """\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 192.0.2.1/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever preferred_lft forever
"""
VIRTUAL = "".join(
    f"3: kube-ipvs0    inet {a} scope global kube-ipvs0\\       valid_lft forever preferred_lft forever\n"
    for a in ("10.96.0.1/32", "10.96.0.10/32", "fd00:96::a/128")
)


def test_of_virtual_servers_those_of_services_go(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "kube-ipvs0").mkdir()
    shell.places = {"/sys/class/net": str(tmp_path)}
    shell.program_is("ip", f"case \"$*\" in *kube-ipvs0) cat <<'A'\n{VIRTUAL}A\n;; *) cat <<'B'\n{ADDRESSES}B\nesac")
    shell.program_is("ipvsadm-save", f"cat <<'END'\n{IPVS}END")
    shell.program_is("ipvsadm", 'echo "$@"')
    assert shell.run(IPVS_REMOVAL).stdout.splitlines() == [
        "-D -t 10.96.0.1:443",
        "-D -u 10.96.0.10:53",
        "-D -t [fd00:96::a]:53",
        "-D -t 192.0.2.1:30080",
    ]
    (tmp_path / "kube-ipvs0").rmdir()
    assert shell.run(IPVS_REMOVAL).stdout == ""


def test_sets_go_by_name_unless_they_were_there_before(shell: Shell, tmp_path: Path) -> None:
    shell.places = {"/var/lib/underlay/record": str(tmp_path)}
    # Of kube-router in a dual-stack lab, of Calico 3.32 and of weave-npc 2.9, and an operator's.
    names = (
        "KUBE-DST-K4YRTDF5OB2CAE75",
        "inet6:KUBE-SRC-NSHZG2OFZFG4RYA4",
        "cali40s:abc-d",
        "calico-office",
        "weave-office",
    )
    shell.program_is("ipset", f"case $1 in list) printf '%s\\n' {' '.join(names)} ;; destroy) echo \"$2\" ;; esac")
    shell.run("echo weave-office >/var/lib/underlay/record/sets")
    removed = shell.run(sets_removal(["KUBE-*", "inet6:KUBE-*", "cali40*", "weave-*"])).stdout.split()
    assert sorted(set(removed)) == sorted(names[:3])
