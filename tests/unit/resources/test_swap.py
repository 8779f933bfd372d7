"""Swap stays off over a reboot: what turns it on at boot is found by what it does, and switched off."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.swap import NoSwap

HEAD = "Filename Type Size Used Priority"
# Debian 13: zram-tools 0.3.7, dphys-swapfile 20100506, swapspace 1.18; Ubuntu 24.04: zram-config 0.7.
ZRAMSWAP = "[Unit]\nDescription=Linux zramswap setup\n[Service]\nExecStart=/usr/sbin/zramswap start\nExecStop=/usr/sbin/zramswap stop\nType=oneshot\nRemainAfterExit=true\n"
DPHYS = "[Service]\nType=oneshot\nExecStart=/sbin/dphys-swapfile setup\nExecStart=/sbin/dphys-swapfile swapon\nExecStop=/sbin/dphys-swapfile swapoff\n"
SCRIPT = '#!/bin/sh\nmodprobe zram\nmkswap /dev/zram0\nswapon -p "$PRIORITY" /dev/zram0\n'


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Path:
    """A host without swap; its root is where this lies."""
    shell.places = {
        f"/{name}": f"{tmp_path}/{name}"
        for name in ("proc/swaps", "etc", "run/systemd", "usr/sbin", "sbin/", "var/lib")
    }
    for name in (
        "proc",
        "etc/systemd/system/multi-user.target.wants",
        "run/systemd/generator.late",
        "usr/sbin",
        "sbin",
        "var/lib",
    ):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "proc/swaps").write_text(f"{HEAD}\n")
    (tmp_path / "etc/fstab").write_text("/dev/sda1 / ext4 defaults 0 1\n")
    shell.program_is("swapoff", "true")
    wants = tmp_path / "etc/systemd/system/multi-user.target.wants"
    shell.program_is(
        "systemctl",
        f'echo "$@" >>{tmp_path}/log\n'
        f'[ "$2" != disable ] || rm -f {wants}/$4\n'
        f'[ "$2" != mask ] || ln -s /dev/null {tmp_path}/etc/systemd/system/$3',
    )
    return tmp_path


def enable(host: Path, unit: str, text: str) -> None:
    here = re.sub("=(-?)((/usr)?/sbin/)", rf"=\1{host}\2", text)
    (host / "etc/systemd/system/multi-user.target.wants" / unit).write_text(here)


@pytest.mark.parametrize(
    ("unit", "text", "program"),
    [
        ("zramswap.service", ZRAMSWAP, "usr/sbin/zramswap"),
        ("dphys-swapfile.service", DPHYS, ""),
        ("swapspace.service", "[Service]\nExecStart=-/usr/sbin/swapspace -d\n", "usr/sbin/swapspace"),
        ("zram-config.service", "[Service]\nExecStart=/usr/sbin/init-zram-swapping\n", "usr/sbin/init-zram-swapping"),
        ("extra.service", "[Service]\nExecStartPost=/sbin/swapon /extra.img\n", ""),
        ("extra.service", "[Service]\nExecStart=/bin/sh -c 'mkswap /x && swapon /x'\n", ""),
        ("extra.service", '[Service]\nExecStart=/bin/sh -c "swapon -a"\n', ""),
    ],
)
def test_a_service_that_turns_swap_on_at_boot_is_switched_off_for_good(
    shell: Shell, host: Path, unit: str, text: str, program: str
) -> None:
    enable(host, unit, text)
    if program:
        (host / program).write_text(SCRIPT)
    swap = NoSwap()
    assert swap.sentence(shell.observe(swap)[0]) == f"swap: 0 in use, 0 in fstab, started by {unit} -> off"
    assert shell.apply(swap).unmet == ()
    assert f"-q disable --now {unit}\n-q mask {unit}\n" in (host / "log").read_text()
    assert shell.observe(swap) == ["0 in use, 0 in fstab"]


@pytest.mark.parametrize(
    ("unit", "text", "program"),
    [
        ("swapoff.service", "[Service]\nExecStart=/sbin/swapoff -a\n", ""),
        ("hotswap.service", "[Service]\nExecStart=/usr/sbin/hotswapd\n", "usr/sbin/hotswapd"),
        ("agent.service", "[Service]\nExecStart=/usr/sbin/agent --swapon-metrics\n", ""),
        ("docker.service", "[Service]\nExecStart=/usr/sbin/dockerd --memory-swap=0\n", ""),
        ("zram-tmp.service", "[Service]\nExecStart=/usr/sbin/zram-tmp\n", "usr/sbin/zram-tmp"),
        ("quiet.service", "[Service]\nExecStop=/sbin/swapon -a\n", ""),
    ],
)
def test_a_service_that_turns_no_swap_on_is_left_alone(
    shell: Shell, host: Path, unit: str, text: str, program: str
) -> None:
    enable(host, unit, text)
    if program:
        (host / program).write_text("#!/bin/sh\nmkfs.ext4 /dev/zram0\n")
    assert shell.observe(NoSwap()) == ["0 in use, 0 in fstab"]


@pytest.mark.parametrize(
    ("timer", "service", "text", "is_found"),
    [
        ("[Timer]\nOnBootSec=5min\n", "later.service", "[Service]\nExecStart=/sbin/swapon /x\n", True),
        (
            "[Timer]\nOnBootSec=5min\nUnit=other.service\n",
            "other.service",
            "[Service]\nExecStart=/sbin/swapon -a\n",
            True,
        ),
        (
            "[Timer]\nOnBootSec=5min\nUnit=other.service\n",
            "later.service",
            "[Service]\nExecStart=/sbin/swapon /x\n",
            False,
        ),
        ("[Timer]\nOnCalendar=daily\n", "later.service", "[Service]\nExecStart=/sbin/fstrim -a\n", False),
    ],
)
@pytest.mark.parametrize("place", ["etc/systemd/system", "usr/lib/systemd/system"])
def test_a_timer_whose_service_turns_swap_on_is_switched_off(
    shell: Shell, host: Path, timer: str, service: str, text: str, is_found: bool, place: str
) -> None:
    (host / place).mkdir(parents=True, exist_ok=True)
    shell.places["/usr/lib"] = f"{host}/usr/lib"
    (host / place / service).write_text(text)
    enable(host, "later.timer", timer)
    swap = NoSwap()
    said = "0 in use, 0 in fstab"
    assert shell.observe(swap) == [f"{said}, started by later.timer" if is_found else said]
    if is_found:
        assert shell.apply(swap).unmet == ()
        assert "-q disable --now later.timer\n-q mask later.timer\n" in (host / "log").read_text()
        assert shell.observe(swap) == [said]


@pytest.mark.parametrize(
    "unit",
    [
        "generator.late/swap.target.wants/dev-sda3.swap",
        "generator/swap.target.wants/dev-zram0.swap",
        "generator/swap.target.requires/swap.img.swap",
    ],
)
def test_what_generators_find_at_boot_is_masked_with_its_target(shell: Shell, host: Path, unit: str) -> None:
    place = host / "run/systemd" / unit
    place.parent.mkdir(parents=True)
    place.write_text("[Swap]\n")
    swap = NoSwap()
    assert shell.observe(swap) == ["0 in use, 0 in fstab, started by swap.target"]
    assert shell.apply(swap).unmet == ()
    assert "-q mask swap.target" in (host / "log").read_text()


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        ("etc/systemd/system/multi-user.target.wants", "extra.swap"),
        ("run/systemd/generator/dev-sda3.device.wants", "dev-sda3.swap"),
    ],
)
def test_a_swap_that_another_target_wants_is_switched_off(shell: Shell, host: Path, place: str, unit: str) -> None:
    (host / place).mkdir(parents=True, exist_ok=True)
    (host / place / unit).write_text("[Swap]\nWhat=/x\n")
    swap = NoSwap()
    assert shell.observe(swap) == [f"0 in use, 0 in fstab, started by {unit}"]
    assert shell.apply(swap).unmet == ()
    assert f"-q disable --now {unit}\n-q mask {unit}\n" in (host / "log").read_text()


def test_a_reset_puts_back_what_was_switched_off_and_no_more(shell: Shell, host: Path) -> None:
    enable(host, "dphys-swapfile.service", DPHYS)
    shell.apply(NoSwap())
    (host / "log").unlink()
    for _ in range(2):
        assert shell.run("set -eu\n" + NoSwap().remove()).rc == 0
    assert (host / "log").read_text() == "-q unmask dphys-swapfile.service\n-q enable dphys-swapfile.service\n"


def test_a_verification_tells_what_will_turn_swap_on() -> None:
    host = SayingHost({"systemctl is-enabled zramswap.service": Result(0, "enabled\n"), "swapon": Result(0, "")})
    assert NoSwap().check(host) == "swap: turned on at the next boot by zramswap.service, expected off"
