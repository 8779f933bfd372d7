"""A host that forwards IPv6 and has its default route from the router's advertisements."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.router_advertisements import RouterAdvertisements

ADDRESS = RouterAdvertisements("2001:db8::1")
SHOWN = "2: eth0.7    inet6 2001:db8::1/64 scope global dynamic \\       valid_lft 2591996sec\n"


@pytest.fixture
def link(shell: Shell, tmp_path: Path) -> Path:
    """The link eth0.7, whose kernel accepts advertisements unless it forwards."""
    shell.places = {"/proc/sys": str(tmp_path), "/etc/sysctl.d": str(tmp_path)}
    (tmp_path / "net/ipv6/conf/eth0.7").mkdir(parents=True)
    (tmp_path / "net/ipv6/conf/eth0.7/accept_ra").write_text("1\n")
    (tmp_path / "shown").write_text(SHOWN)
    shell.program_is("ip", f'[ "$*" = "-o -6 address show to 2001:db8::1" ] && cat {tmp_path}/shown')
    return tmp_path


def test_the_link_goes_on_accepting_them_now_and_after_a_reboot(shell: Shell, link: Path) -> None:
    assert ADDRESS.sentence(shell.observe(ADDRESS)[0]) == (
        "router advertisements for 2001:db8::1: eth0.7 ignores them while forwarding -> accepts them"
    )
    for _ in range(2):
        assert shell.apply(ADDRESS).unmet == ()
    assert (link / "net/ipv6/conf/eth0.7/accept_ra").read_text() == "2\n"
    assert (link / "99-z-underlay-links.conf").read_text() == "-net/ipv6/conf/eth0.7/accept_ra = 2\n"


def test_a_link_that_a_daemon_configures_is_left_alone(shell: Shell, link: Path) -> None:
    (link / "net/ipv6/conf/eth0.7/accept_ra").write_text("0\n")
    assert shell.observe(ADDRESS) == ["eth0.7 0"]
    assert ADDRESS.sentence("eth0.7 0") is None


def test_an_address_that_no_link_has_is_left_to_preflight(shell: Shell, link: Path) -> None:
    (link / "shown").write_text("")
    assert ADDRESS.sentence(shell.observe(ADDRESS)[0]) is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("1\n", "eth0.7: accept_ra is 1, expected 2 on a host that forwards (the link loses its routes)"),
        ("2\n", None),
        ("0\n", None),
    ],
)
def test_checks_the_link_of_the_address(value: str, problem: str | None) -> None:
    answers = {"ip -o -6": Result(0, SHOWN), "cat /proc/sys/net/ipv6/conf/eth0.7/accept_ra": Result(0, value)}
    assert ADDRESS.check(SayingHost(answers)) == problem
    assert ADDRESS.check(SayingHost({})) == "no link has the address 2001:db8::1"
