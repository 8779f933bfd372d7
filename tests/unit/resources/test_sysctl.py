"""Settings of links that are yet to come, limits that are high enough, settings that some kernels do not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources import sysctl
from underlay.resources.sysctl import Sysctl
from underlay.resources.sysctl_floor import SysctlFloor
from underlay.resources.sysctl_pattern import SysctlPattern

LXC = SysctlPattern("net.ipv4.conf.lxc*.rp_filter", "0")
FLOOR = SysctlFloor("fs.inotify.max_user_instances", 8192)
JIT = Sysctl("net.core.bpf_jit_enable", "1", where_present=True)


@pytest.fixture
def proc(shell: Shell, tmp_path: Path) -> Path:
    """What stands in for /proc/sys, with a link of ours and one of the host's."""
    shell.places = {"/proc/sys": str(tmp_path / "sys")}
    for link in ("lxc1a", "lxc2b", "eth0"):
        (tmp_path / "sys/net/ipv4/conf" / link).mkdir(parents=True)
        (tmp_path / "sys/net/ipv4/conf" / link / "rp_filter").write_text("2\n")
    (tmp_path / "sys/fs/inotify").mkdir(parents=True)
    (tmp_path / "sys/fs/inotify/max_user_instances").write_text("128\n")
    return tmp_path / "sys"


def test_every_link_of_the_name_is_set_and_no_other(shell: Shell, proc: Path) -> None:
    assert LXC.sentence(shell.observe(LXC)[0]) == "sysctl net.ipv4.conf.lxc*.rp_filter: 2 of 2 differ -> 0"
    for _ in range(2):
        assert shell.apply(LXC).unmet == ()
    values = {p.parent.name: p.read_text() for p in proc.glob("net/ipv4/conf/*/rp_filter")}
    assert values == {"lxc1a": "0\n", "lxc2b": "0\n", "eth0": "2\n"}


def test_no_link_of_the_name_is_no_difference(shell: Shell, proc: Path) -> None:
    pattern = SysctlPattern("net.ipv4.conf.cali*.rp_filter", "0")
    assert shell.observe(pattern) == ["0 of 0 differ"]
    assert shell.apply(pattern).unmet == ()


def test_one_link_by_its_whole_name(shell: Shell, proc: Path) -> None:
    assert shell.observe(SysctlPattern("net.ipv4.conf.lxc1a.rp_filter", "0")) == ["1 of 1 differ"]


def test_globs_stay_off_for_the_questions_that_follow(shell: Shell, proc: Path) -> None:
    (proc / "core").write_text("/proc/sys/*\n")
    assert shell.observe(LXC, Sysctl("core", ""))[1] == "/proc/sys/*"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("", None),
        ("net.ipv4.conf.lxc1.rp_filter = 0\n", None),
        (
            "net.ipv4.conf.lxc1.rp_filter = 0\nnet.ipv4.conf.lxc2.rp_filter = 2\n",
            "net.ipv4.conf.lxc2.rp_filter: 2, expected 0",
        ),
    ],
)
def test_checks_a_pattern_with_the_sysctl_program(answer: str, problem: str | None) -> None:
    command = "sysctl -a --pattern ^net[.]ipv4[.]conf[.]lxc[^.]*[.]rp_filter$"
    assert LXC.check(SayingHost({command: Result(0, answer)})) == problem


def test_a_limit_is_raised_and_never_lowered(shell: Shell, proc: Path) -> None:
    assert FLOOR.sentence(shell.observe(FLOOR)[0]) == "sysctl fs.inotify.max_user_instances: 128 -> 8192"
    assert shell.apply(FLOOR).unmet == ()
    assert (proc / "fs/inotify/max_user_instances").read_text() == "8192\n"
    assert (FLOOR.difference("8193"), FLOOR.difference("")) == (None, "unreadable -> 8192")


@pytest.mark.parametrize(("value", "good"), [("8192\n", True), ("65536\n", True), ("128\n", False), ("", False)])
def test_checks_a_limit_with_the_sysctl_program(value: str, good: bool) -> None:
    answer = SayingHost({"sysctl -n fs.inotify.max_user_instances": Result(0, value)})
    assert (FLOOR.check(answer) is None) == good


def test_a_setting_that_may_be_missing(shell: Shell, proc: Path) -> None:
    assert JIT.sentence(shell.observe(JIT)[0]) is None
    assert shell.apply(JIT).unmet == ()
    (proc / "net/core").mkdir()
    (proc / "net/core/bpf_jit_enable").write_text("0\n")
    assert JIT.sentence(shell.observe(JIT)[0]) == "sysctl net.core.bpf_jit_enable: 0 -> 1"
    assert JIT.check(SayingHost({"sysctl": Result(255, "", "cannot stat")})) is None
    assert JIT.check(SayingHost({"sysctl": Result(0, "0\n")})) == "net.core.bpf_jit_enable: 0, expected 1"


def test_a_dash_lets_the_boot_go_on_without_the_setting() -> None:
    text = sysctl.persisted([LXC, JIT, FLOOR]).content or ""
    assert text.splitlines()[1:] == [
        "-net.ipv4.conf.lxc*.rp_filter = 0",
        "-net.core.bpf_jit_enable = 1",
        "fs.inotify.max_user_instances = 8192",
    ]


def test_a_site_may_set_a_limit_higher() -> None:
    # Files of sysctl.d are read in the order of their names, and the last that names a key wins.
    assert sysctl.PERSISTED_EARLY < "/etc/sysctl.d/60-site.conf" < sysctl.PERSISTED
