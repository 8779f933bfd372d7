"""What a host's own programs do not say is unknown, and a check that could not look does not pass."""

from __future__ import annotations

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.answer import Unknown
from underlay.resources.firewall import Pass
from underlay.resources.firewalld import Firewalld
from underlay.resources.iptables import Iptables
from underlay.resources.kernel_module import KernelModule
from underlay.resources.loaded_config import Loaded
from underlay.resources.mount import Mount
from underlay.resources.nftables import Nftables
from underlay.resources.packages import Packages
from underlay.resources.resource import Resource
from underlay.resources.router_advertisements import RouterAdvertisements
from underlay.resources.swap import NoSwap
from underlay.resources.sysctl_pattern import SysctlPattern
from underlay.resources.unit import Unit

PASSES = (Pass("input", 4, sources=("192.0.2.1",)),)
# What the shell itself, and what reads its questions, is made of.
BASICS = ("sh", "bash", "cat", "cut", "grep", "sed", "sha256sum", "stat", "tail", "timeout", "tr", "uname")
BUS = "echo 'Failed to connect to bus: No such file or directory' >&2; exit 1"


@pytest.mark.parametrize(
    ("resource", "programs", "reason"),
    [
        (RouterAdvertisements("2001:db8::1"), {}, "ip is not installed"),
        (KernelModule("no_such_module"), {}, "modprobe is not installed"),
        (Mount("/sys/fs/bpf", "bpf"), {}, "findmnt is not installed"),
        (Packages(("curl",)), {}, "rpm is not installed"),
        (Packages(("curl",)), {"dpkg-query": "exit 2"}, "dpkg-query cannot read the database of packages"),
        (Unit("x.service"), {"systemctl": BUS}, "systemctl: Failed to connect to bus: No such file or directory"),
        (Unit("x.service"), {}, "systemctl is not installed"),
        (Firewalld(PASSES), {"systemctl": BUS}, "systemctl does not answer for firewalld"),
        (Firewalld(PASSES), {"systemctl": ":"}, "firewall-cmd is not installed"),
        (
            Firewalld(PASSES),
            {"systemctl": ":", "firewall-cmd": "echo 'Error: the daemon hangs' >&2; exit 1"},
            "firewall-cmd: Error: the daemon hangs",
        ),
        (
            Nftables(PASSES),
            {"nft": "echo 'netlink: Error: Permission denied' >&2; exit 1"},
            "nftables: the rules could",
        ),
    ],
)
def test_a_program_that_is_missing_or_fails_leaves_its_answer_unknown(
    shell: Shell, resource: Resource, programs: dict[str, str], reason: str
) -> None:
    shell.only_programs(*BASICS)
    for name, script in programs.items():
        shell.program_is(name, script)
    # What belongs to root on this machine is not there either.
    shell.places = {"/usr/local/sbin:/usr/sbin:/sbin": "/no/such", "/sys/module/": "/no/such/"}
    [answer] = shell.ask(resource)
    assert isinstance(answer, Unknown)
    assert answer.reason.startswith(reason)


def test_a_packet_filter_that_somebody_holds_leaves_its_rules_unknown(shell: Shell) -> None:
    locked = "echo 'Another app is currently holding the xtables lock.' >&2; exit 4"
    shell.program_is("iptables", f"case $1 in -V) echo 'iptables v1.8.9 (nf_tables)';; *) {locked};; esac")
    assert shell.ask(Iptables(PASSES)) == [Unknown("iptables: the rules could not be listed")]
    assert Iptables(PASSES).check(SayingHost({"iptables-save": Result(4, "", "the xtables lock is held")})) == (
        "iptables: could not be asked (the xtables lock is held)"
    )


def test_a_table_that_is_nfts_alone_is_left_to_it(shell: Shell) -> None:
    said = """iptables v1.8.9 (nf_tables): table `filter' is incompatible, use 'nft' tool."""
    shell.program_is(
        "iptables", f"case $1 in -V) echo 'iptables v1.8.9 (nf_tables)';; *) echo {said!r} >&2; exit 1;; esac"
    )
    shell.program_is("ip6tables", "exit 127")
    assert shell.observe(Iptables(PASSES)) == ["none"]


def test_a_kernel_without_nftables_has_no_rules_of_it(shell: Shell) -> None:
    shell.program_is("nft", "echo 'cache initialization failed: Protocol not supported' >&2; exit 1")
    assert shell.observe(Nftables(PASSES)) == ["none"]


@pytest.mark.parametrize(
    ("resource", "said", "problem"),
    [
        (NoSwap(), {}, "swap: could not be asked (not found)"),
        (SysctlPattern("net.ipv4.conf.lxc*.rp_filter", "0"), {}, "net.ipv4.conf.lxc*.rp_filter: could not be asked"),
        (
            Firewalld(PASSES),
            {"firewall-cmd --state": Result(36, "", "Error: DBUS_ERROR")},
            "firewalld: could not be asked (Error: DBUS_ERROR)",
        ),
        (
            Nftables(PASSES),
            {"nft -j list ruleset": Result(1, "", "netlink: Error: cache initialization failed")},
            "nftables: could not be asked (netlink: Error: cache initialization failed)",
        ),
        (
            RouterAdvertisements("2001:db8::1"),
            {"ip -o -6": Result(0, "2: eth0    inet6 2001:db8::1/64 scope global \n")},
            "eth0: accept_ra could not be read (not found)",
        ),
        (
            Loaded("frr.service", "vtysh -c 'show run'"),
            {"cat /run": Result(0, "0123456789abcdef\n"), "vtysh": Result(1, "", "failed to connect to any daemons.")},
            "frr.service: its running configuration could not be asked (failed to connect to any daemons.)",
        ),
    ],
)
def test_a_check_that_could_not_look_does_not_pass(resource: Resource, said: dict[str, Result], problem: str) -> None:
    found = resource.check(SayingHost(said))
    assert found is not None
    assert found.startswith(problem)
