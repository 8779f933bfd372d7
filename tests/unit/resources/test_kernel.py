"""Kernel modules, kernel settings, swap: what can be tried without a kernel to try it on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import LocalHost, Result, SayingHost, Shell
from underlay.resources import kernel_module, sysctl
from underlay.resources.kernel_module import KernelModule
from underlay.resources.swap import NoSwap
from underlay.resources.sysctl import Sysctl

KEY = Sysctl("net.ipv4.ip_forward", "1")


@pytest.fixture
def proc(shell: Shell, tmp_path: Path) -> Path:
    """What stands in for /proc/sys."""
    shell.places = {"/proc/sys": str(tmp_path / "sys")}
    (tmp_path / "sys/net/ipv4").mkdir(parents=True)
    (tmp_path / "sys/net/ipv4/ip_forward").write_text("0\n")
    return tmp_path / "sys"


def test_a_setting_is_made_live(shell: Shell, proc: Path) -> None:
    assert KEY.sentence(shell.observe(KEY)[0]) == "sysctl net.ipv4.ip_forward: 0 -> 1"
    for _ in range(2):
        assert shell.apply(KEY).unmet == ()
    assert (proc / "net/ipv4/ip_forward").read_text() == "1\n"
    assert KEY.sentence(shell.observe(KEY)[0]) is None


def test_fields_of_a_setting_are_compared_whatever_is_between_them(shell: Shell, proc: Path) -> None:
    (proc / "net/ipv4/ports").write_text("32768\t60999\n")
    assert Sysctl("net.ipv4.ports", "32768 60999").sentence(shell.observe(Sysctl("net.ipv4.ports", ""))[0]) is None


def test_a_star_in_a_setting_is_not_a_list_of_files(shell: Shell, proc: Path) -> None:
    (proc / "core").write_text("|/bin/core * %p\n")
    assert shell.observe(Sysctl("core", "")) == ["|/bin/core * %p"]


def test_a_setting_that_the_kernel_lacks_is_reported(shell: Shell, proc: Path) -> None:
    key = Sysctl("net.bridge.bridge-nf-call-iptables", "1")
    assert key.difference(shell.observe(key)[0]) == "absent -> 1"
    outcome, err = shell.apply_and_tell(key)
    assert outcome.failed == key
    assert err == "the kernel has no net.bridge.bridge-nf-call-iptables; is its module loaded?\n"


def test_a_kernel_that_loads_no_more_modules_is_told(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "disabled").write_text("1\n")
    shell.places = {
        "/sys/module/": "/no/such/",
        "/proc/sys/kernel/modules_disabled": str(tmp_path / "disabled"),
    }
    shell.program_is("modprobe", "echo insmod")
    module = KernelModule("br_netfilter")
    (found,) = shell.observe(module)
    assert module.impossible(found) == (
        "this kernel loads no more modules (kernel.modules_disabled = 1), and br_netfilter is not loaded; boot with "
        "kernel.modules_disabled = 0"
    )


def test_why_a_module_was_not_loaded_is_what_modprobe_says(shell: Shell) -> None:
    shell.program_is(
        "modprobe", '[ "$1" != -n ] || exit 0; echo "could not insert: Operation not permitted" >&2; exit 1'
    )
    _, said = shell.apply_and_tell(KernelModule("br_netfilter"))
    assert said == "modprobe br_netfilter: could not insert: Operation not permitted\n"


def test_slashes_in_a_key_stand_for_dots() -> None:
    assert Sysctl("net.ipv4.conf.eth0/100.rp_filter", "0").path == "net/ipv4/conf/eth0.100/rp_filter"


@pytest.mark.parametrize(
    ("observed", "difference"),
    [("1", None), ("0", "0 -> 1"), ("absent", "absent -> 1"), ("", "unreadable -> 1"), ("1 1", "1 1 -> 1")],
)
def test_reports_how_a_setting_differs(observed: str, difference: str | None) -> None:
    assert KEY.difference(observed) == difference


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Result(0, "1\n"), None),
        (Result(0, "0\n"), "net.ipv4.ip_forward: 0, expected 1"),
        (Result(255, "", "sysctl: cannot stat"), "net.ipv4.ip_forward: unreadable, expected 1"),
    ],
)
def test_checks_a_setting_with_the_sysctl_program(answer: Result, problem: str | None) -> None:
    assert KEY.check(SayingHost({"sysctl -n net.ipv4.ip_forward": answer})) == problem


def test_the_same_settings_come_back_at_boot() -> None:
    file = sysctl.persisted([KEY, Sysctl("net.a.b", "1 2")])
    assert (file.path, file.content) == (
        "/etc/sysctl.d/99-z-underlay.conf",
        "# Written by Underlay; changes are overwritten.\nnet.ipv4.ip_forward = 1\nnet.a.b = 1 2\n",
    )


def test_the_same_modules_come_back_at_boot() -> None:
    file = kernel_module.persisted([KernelModule("overlay"), KernelModule("vxlan")])
    assert (file.path, file.content) == (
        "/etc/modules-load.d/underlay.conf",
        "# Written by Underlay; changes are overwritten.\noverlay\nvxlan\n",
    )


@pytest.fixture
def kernel(shell: Shell, tmp_path: Path) -> Path:
    """A kernel 6.1.0 with br_netfilter built in, vxlan on disk, and nothing loaded."""
    shell.places = {"/sys/module": str(tmp_path / "module"), "/lib/modules": str(tmp_path / "lib")}
    (tmp_path / "module").mkdir()
    (tmp_path / "lib" / "6.1.0").mkdir(parents=True)
    (tmp_path / "lib/6.1.0/modules.builtin").write_text("kernel/net/bridge/br_netfilter.ko\n")
    shell.program_is("uname", "echo 6.1.0")
    shell.program_is(
        "modprobe",
        f"""for last do :; done
        case "$last" in vxlan) [ "$1" = -n ] || mkdir -p {tmp_path}/module/vxlan;; *) exit 1;; esac""",
    )
    return tmp_path / "module"


def test_a_module_is_loaded(shell: Shell, kernel: Path) -> None:
    module = KernelModule("vxlan")
    assert module.sentence(shell.observe(module)[0]) == "kernel module vxlan: loadable -> loaded"
    for _ in range(2):
        assert shell.apply(module).unmet == ()
    assert shell.observe(module) == ["loaded"]


def test_a_module_that_is_built_in_is_as_good_as_loaded(shell: Shell, kernel: Path) -> None:
    module = KernelModule("br_netfilter")
    assert shell.observe(module) == ["built-in"]
    assert module.sentence("built-in") is None


def test_a_name_is_not_taken_for_a_part_of_another(shell: Shell, kernel: Path) -> None:
    assert shell.observe(KernelModule("netfilter")) == ["missing"]


def test_a_module_that_the_kernel_lacks_is_reported_with_a_remedy(shell: Shell, kernel: Path) -> None:
    module = KernelModule("wireguard")
    assert module.sentence(shell.observe(module)[0]) == "kernel module wireguard: missing -> loaded"
    outcome, err = shell.apply_and_tell(module)
    assert outcome.failed == module
    assert err == (
        "this kernel (6.1.0) has no module wireguard; install the package with the rest of its modules "
        "(Ubuntu: linux-modules-extra of its release; Debian: linux-image-amd64, not a cloud kernel) or another kernel\n"
    )


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Result(1, "", "modprobe: FATAL: Module vxlan already in kernel.\n"), None),
        (Result(0, "builtin vxlan\n"), None),
        (Result(0, "insmod /lib/modules/x/vxlan.ko\n"), "kernel module vxlan: not in the running kernel"),
        (Result(1, "", "modprobe: FATAL: not found"), "kernel module vxlan: not in the running kernel"),
    ],
)
def test_checks_a_module_with_modprobe(answer: Result, problem: str | None) -> None:
    assert KernelModule("vxlan").check(SayingHost({"modprobe": answer})) == problem


FSTAB = """\
# /etc/fstab: swap stands here too
UUID=1 / ext4 defaults 0 1
UUID=2 none swap sw 0 0
/swap.img\tnone\tswap\tsw\t0\t0
  /dev/sdb1 none swap sw 0 0
/dev/sdc1 none swap
#/dev/sdd1 none swap sw 0 0
/dev/swap /srv/swap ext4 defaults 0 2
"""
WITHOUT = """\
# /etc/fstab: swap stands here too
UUID=1 / ext4 defaults 0 1
#underlay# UUID=2 none swap sw 0 0
#underlay# /swap.img\tnone\tswap\tsw\t0\t0
#underlay#   /dev/sdb1 none swap sw 0 0
#underlay# /dev/sdc1 none swap
#/dev/sdd1 none swap sw 0 0
/dev/swap /srv/swap ext4 defaults 0 2
"""


@pytest.fixture
def etc(shell: Shell, tmp_path: Path) -> Path:
    """A host with two swap areas in use."""
    etc, swaps, log = tmp_path / "etc", tmp_path / "swaps", tmp_path / "log"
    shell.places = {"/proc/swaps": str(swaps), "/etc": str(etc)}
    etc.mkdir()
    (etc / "fstab").write_text(FSTAB)
    (etc / "fstab").chmod(0o640)
    head = "Filename Type Size Used Priority"
    swaps.write_text(f"{head}\n/dev/sda2 partition 1 0 -2\n/swap.img file 1 0 -3\n")
    shell.program_is("swapoff", f"echo '{head}' >{swaps}")
    shell.program_is("systemctl", f'echo "$@" >>{log}; [ "$1" != list-units ] || echo \'dev-sda2.swap loaded x\'')
    return etc


def test_swap_is_turned_off_now_and_after_a_reboot(shell: Shell, etc: Path) -> None:
    swap = NoSwap()
    assert swap.sentence(shell.observe(swap)[0]) == "swap: 2 in use, 4 in fstab -> off"
    for _ in range(2):
        assert shell.apply(swap).unmet == ()
    assert (etc / "fstab").read_text() == WITHOUT
    assert oct((etc / "fstab").stat().st_mode)[-3:] == "640"
    assert [p.name for p in etc.iterdir()] == ["fstab"]
    assert "-q mask dev-sda2.swap" in (etc.parent / "log").read_text()


def test_a_reset_puts_the_swap_lines_back(shell: Shell, etc: Path) -> None:
    shell.apply(NoSwap())
    for _ in range(2):
        assert shell.run("set -eu\n" + NoSwap().remove()).rc == 0
    assert (etc / "fstab").read_text() == FSTAB


def test_a_host_without_fstab_has_no_swap_in_it(shell: Shell, etc: Path) -> None:
    (etc / "fstab").unlink()
    assert shell.observe(NoSwap()) == ["2 in use, 0 in fstab"]
    assert shell.apply(NoSwap()).unmet == ()
    assert shell.run("set -eu\n" + NoSwap().remove()).rc == 0
    assert not (etc / "fstab").exists()


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        ("0 in use, 0 in fstab", None),
        ("1 in use, 0 in fstab", "1 in use, 0 in fstab -> off"),
        ("0 in use, 1 in fstab", "0 in use, 1 in fstab -> off"),
        ("", "unknown -> off"),
    ],
)
def test_reports_how_swap_differs(observed: str, difference: str | None) -> None:
    assert NoSwap().difference(observed) == difference


def test_checks_swap_with_swapon(local: LocalHost) -> None:
    local.shell.program_is("swapon", "echo /dev/sda2")
    assert NoSwap().check(local) == "swap: on (/dev/sda2), expected off"
    local.shell.program_is("swapon", ":")
    assert NoSwap().check(local) is None
