"""Kernel file systems: mounted now, and kept by whoever can."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.mount import Mount

BPF = Mount("/sys/fs/bpf", "bpf")


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Path:
    """A container that has nothing mounted: its systemd mounts nothing there."""
    (tmp_path / "unit").mkdir()
    shell.places = {"/etc/systemd/system": str(tmp_path / "unit"), "/sys/fs": str(tmp_path / "fs")}
    shell.program_is("findmnt", f"cat {tmp_path}/mounted")
    shell.program_is("mount", f'echo "$@" >>{tmp_path}/log; echo bpf >{tmp_path}/mounted')
    shell.program_is("systemd-detect-virt", "exit 0")
    shell.program_is(
        "systemctl",
        f"""echo "$@" >>{tmp_path}/log
        case "$*" in
          "is-enabled -q underlay-mount-sys-fs-bpf.service") [ -e {tmp_path}/enabled ];;
          "-q enable "*) touch {tmp_path}/enabled;;
          "-q disable "*) rm {tmp_path}/enabled;;
        esac""",
    )
    return tmp_path


def test_is_mounted_and_kept_by_a_unit(shell: Shell, host: Path) -> None:
    assert BPF.sentence(shell.observe(BPF)[0]) == "mount /sys/fs/bpf: absent -> bpf"
    for _ in range(2):
        assert shell.apply(BPF).unmet == ()
    log = (host / "log").read_text().splitlines()
    assert [line for line in log if line.startswith("-t")] == [f"-t bpf -o nosuid,nodev,noexec bpf {host}/fs/bpf"]
    unit = (host / "unit/underlay-mount-sys-fs-bpf.service").read_text()
    assert "ExecStart=/bin/mount -t bpf -o nosuid,nodev,noexec bpf /sys/fs/bpf\n" in unit
    assert "ConditionPathIsMountPoint=!/sys/fs/bpf\n" in unit


def test_what_systemd_mounts_itself_is_left_to_it(shell: Shell, host: Path) -> None:
    shell.program_is("systemd-detect-virt", "exit 1")
    (host / "mounted").write_text("bpf\n")
    assert BPF.sentence(shell.observe(BPF)[0]) is None
    (host / "mounted").unlink()
    assert shell.apply(BPF).unmet == ()
    assert list((host / "unit").iterdir()) == []


def test_a_mount_that_is_lost_at_the_next_boot(shell: Shell, host: Path) -> None:
    (host / "mounted").write_text("bpf\n")
    assert BPF.sentence(shell.observe(BPF)[0]) == "mount /sys/fs/bpf: until the next boot -> at every boot"
    assert shell.apply(BPF).unmet == ()
    assert "-t bpf" not in (host / "log").read_text()


def test_another_file_system_in_its_place_is_reported() -> None:
    assert BPF.difference("tmpfs kept=no") == "tmpfs -> bpf"
    assert BPF.difference("") == "unknown -> bpf"


def test_a_reset_takes_the_unit_and_leaves_the_mount(shell: Shell, host: Path) -> None:
    shell.apply(BPF)
    for _ in range(2):
        assert shell.run("set -eu\n" + BPF.remove()).rc == 0
    assert list((host / "unit").iterdir()) == []
    assert not (host / "enabled").exists()
    assert (host / "mounted").read_text() == "bpf\n"


@pytest.mark.parametrize(("type_", "problem"), [("bpf_fs\n", None), ("sysfs\n", "/sys/fs/bpf: sysfs, expected bpf")])
def test_checks_the_type_with_stat(type_: str, problem: str | None) -> None:
    assert BPF.check(SayingHost({"stat -f -c %T /sys/fs/bpf": Result(0, type_)})) == problem
