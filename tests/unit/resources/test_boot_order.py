"""A setting that is live now is also live after a reboot: what is read after it, or forbids it, is told and taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.boot_order import BootOrder
from underlay.resources.kernel_module import KernelModule
from underlay.resources.sysctl import Sysctl

ORDER = BootOrder(
    (
        Sysctl("net.ipv4.ip_forward", "1"),
        Sysctl("net.ipv4.conf.eth0/100.rp_filter", "0"),
        Sysctl("net.ipv4.ports", "1 2"),
    ),
    (KernelModule("br_netfilter"), KernelModule("overlay")),
)


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Path:
    places = ("etc/sysctl.d", "run/sysctl.d", "usr/lib/sysctl.d", "etc/modprobe.d", "etc/ufw")
    shell.places = {f" /{p}": f" {tmp_path}/{p}" for p in places} | {'"/etc/sysctl.d': f'"{tmp_path}/etc/sysctl.d'}
    for place in places:
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "etc/sysctl.d/99-z-underlay.conf").write_text("net.ipv4.ip_forward = 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("etc/sysctl.d/99-zz-hardening.conf", "net.ipv4.ip_forward = 0"),
        ("etc/sysctl.d/zz.conf", "net/ipv4/ip_forward=0"),
        ("etc/sysctl.d/zz.conf", "-net.ipv4.ip_forward=0"),
        ("run/sysctl.d/99-zzz.conf", "  net.ipv4.ip_forward  =  0  "),
        ("usr/lib/sysctl.d/z.conf", "net.ipv4.conf.eth0/100.rp_filter = 1"),
        ("usr/lib/sysctl.d/z.conf", "net/ipv4/conf/eth0.100/rp_filter = 1"),
        ("etc/modprobe.d/cis.conf", "blacklist br_netfilter"),
        ("etc/modprobe.d/cis.conf", "blacklist   br-netfilter"),
    ],
)
def test_what_undoes_a_setting_at_boot_is_told_and_commented_out(
    shell: Shell, host: Path, name: str, line: str
) -> None:
    text = f"# of the site\nkernel.panic = 5\n{line}\nvm.swappiness = 1\n"
    (host / name).write_text(text)
    (host / name).chmod(0o640)
    assert ORDER.sentence(shell.observe(ORDER)[0]) == (
        f"boot order of sysctl.d and modprobe.d: {host}/{name}: {' '.join(line.split())} -> commented out"
    )
    for _ in range(2):
        assert shell.apply(ORDER).unmet == ()
    assert (host / name).read_text() == text.replace(line, f"#underlay# {line}")
    assert oct((host / name).stat().st_mode)[-3:] == "640"
    assert [p.name for p in (host / name).parent.iterdir() if p.name.startswith(".")] == []
    for _ in range(2):
        assert shell.run("set -eu\n" + ORDER.remove()).rc == 0
    assert (host / name).read_text() == text


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("etc/sysctl.d/99-sysctl.conf", "net.ipv4.ip_forward = 0"),  # read before ours
        ("etc/sysctl.d/zz.conf", "net.ipv4.ip_forward = 1"),
        ("etc/sysctl.d/zz.conf", "net.ipv4.ports = 1\t2"),
        ("etc/sysctl.d/zz.conf", "# net.ipv4.ip_forward = 0"),
        ("etc/sysctl.d/zz.conf", "; net.ipv4.ip_forward = 0"),
        ("etc/sysctl.d/zz.conf", "net.ipv4.ip_forward_update_priority = 0"),
        ("etc/sysctl.d/zz.conf.dpkg-old", "net.ipv4.ip_forward = 0"),
        ("etc/modprobe.d/cis.conf", "blacklist dccp"),
        ("etc/modprobe.d/cis.conf", "#blacklist br_netfilter"),
        ("etc/modprobe.d/cis.conf", "alias br_netfilter off"),
        ("etc/ufw/sysctl.conf", "net/ipv4/ip_forward=0"),  # ufw is off
    ],
)
def test_what_undoes_nothing_is_left_alone(shell: Shell, host: Path, name: str, line: str) -> None:
    (host / name).write_text(f"{line}\n")
    assert ORDER.difference(shell.observe(ORDER)[0]) is None
    assert shell.apply(ORDER).unmet == ()
    assert (host / name).read_text() == f"{line}\n"


def test_ufw_reads_a_file_of_its_own_where_it_is_on(shell: Shell, host: Path) -> None:
    (host / "etc/ufw/ufw.conf").write_text("ENABLED=yes\nLOGLEVEL=low\n")
    (host / "etc/ufw/sysctl.conf").write_text("net/ipv4/ip_forward=0\n")
    assert "etc/ufw/sysctl.conf: net/ipv4/ip_forward=0" in (ORDER.difference(shell.observe(ORDER)[0]) or "")
    assert shell.apply(ORDER).unmet == ()


def test_all_that_is_in_the_way_is_told_at_once(shell: Shell, host: Path) -> None:
    (host / "etc/sysctl.d/zz.conf").write_text("net.ipv4.ip_forward=0\nnet.ipv4.ports=3 4\n")
    (host / "etc/modprobe.d/cis.conf").write_text("blacklist overlay\n")
    assert len((ORDER.difference(shell.observe(ORDER)[0]) or "").split(", ")) == 3


# systemd 257: what `systemd-analyze cat-config sysctl.d` prints, shortened.
READ = """\
# /usr/lib/sysctl.d/50-default.conf
net.ipv4.conf.*.rp_filter = 2
-net.ipv4.conf.all.rp_filter

# /etc/sysctl.d/99-z-underlay.conf
net.ipv4.ip_forward = 1
"""


def test_a_verification_asks_systemd_and_modprobe_themselves() -> None:
    def judged(sysctls: str, modules: str = "") -> str | None:
        return ORDER.check(SayingHost({"systemd-analyze": Result(0, sysctls), "modprobe": Result(0, modules)}))

    assert judged(READ) is None
    assert judged(f"{READ}\n# /etc/sysctl.d/zz.conf\nnet/ipv4/ip_forward=0\n") == (
        "net.ipv4.ip_forward is 0 at the next boot, expected 1"
    )
    assert judged(READ, "blacklist br_netfilter\n") == "br_netfilter is not loaded at boot (blacklist)"
