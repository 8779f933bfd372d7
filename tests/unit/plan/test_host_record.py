"""A host's record: written before the first change, whole or not at all, and never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.local_host import OWNER, Shell
from underlay.plan.host_record import LATE, VERSION, Prior, read_resources, record_script
from underlay.reset.kinds import restore
from underlay.resources.file import Directory, File
from underlay.resources.objects import Objects
from underlay.resources.packages import Packages
from underlay.resources.resource import Resource
from underlay.resources.script import apply_script
from underlay.resources.sysctl import Sysctl

MODE = "flannel-vxlan"


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Path:
    """A host whose own paths stand below a directory: /etc, /proc/sys, Underlay's."""
    places = {"/var/lib/underlay": "state", "/proc/sys": "sys", "/etc/sysctl.d/99-z-underlay.conf": "persisted"}
    shell.places = {there: str(tmp_path / here) for there, here in places.items()}
    (tmp_path / "sys/net/ipv4").mkdir(parents=True)
    (tmp_path / "sys/net/ipv4/ip_forward").write_text("0\n")
    return tmp_path


def change(shell: Shell, *resources: Resource) -> None:
    """What a deploy does: observe, write down, apply."""
    pending = [(r, line) for r, line in zip(resources, shell.observe(*resources), strict=True) if r.difference(line)]
    ran = shell.run(record_script(pending, mode=MODE) + apply_script([r for r, _ in pending]))
    assert ran.rc == 0, ran.stderr


def recorded(host: Path) -> list[Prior]:
    return read_resources((host / "state/record/resources").read_text().splitlines())


def take_back(shell: Shell, host: Path) -> None:
    for prior in reversed(recorded(host)):
        ran = shell.run(f"set -eu\n{restore(prior)}")
        assert ran.rc == 0, ran.stderr


def test_what_was_there_is_given_back_with_content_mode_and_time(shell: Shell, host: Path) -> None:
    file = host / "etc/config.toml"
    file.parent.mkdir()
    file.write_text("site\n")
    file.chmod(0o640)
    os.utime(file, (1_000_000, 1_000_000))
    link = host / "etc/link"
    link.symlink_to("elsewhere")
    before = file.stat()
    mode = {"mode": "600", "owner": OWNER}
    change(
        shell,
        File(str(file), "ours\n", **mode),
        File(str(link), "ours\n", **mode),
        File(str(host / "etc/new"), "x", **mode),
    )
    assert file.read_text() == "ours\n"
    take_back(shell, host)
    after = file.stat()
    assert (file.read_text(), after.st_mode, after.st_mtime) == ("site\n", before.st_mode, before.st_mtime)
    assert os.readlink(link) == "elsewhere"
    assert sorted(os.listdir(host / "etc")) == ["config.toml", "link"]


def test_a_sysctl_returns_to_its_value(shell: Shell, host: Path) -> None:
    change(shell, Sysctl("net.ipv4.ip_forward", "1"))
    assert (host / "sys/net/ipv4/ip_forward").read_text() == "1\n"
    take_back(shell, host)
    assert (host / "sys/net/ipv4/ip_forward").read_text() == "0\n"


def test_what_is_as_declared_is_not_ours_to_take_back(shell: Shell, host: Path) -> None:
    (host / "sys/net/ipv4/ip_forward").write_text("1\n")
    change(shell, Sysctl("net.ipv4.ip_forward", "1"), Directory(str(host / "cni"), owner=OWNER))
    assert [p.kind for p in recorded(host)] == ["directory"]
    take_back(shell, host)
    assert (host / "sys/net/ipv4/ip_forward").read_text() == "1\n"
    assert not (host / "cni").exists()


def test_a_later_deploy_overwrites_nothing(shell: Shell, host: Path) -> None:
    file = host / "f"
    file.write_text("site\n")
    change(shell, File(str(file), "first\n", owner=OWNER))
    change(shell, File(str(file), "second\n", owner=OWNER), Sysctl("net.ipv4.ip_forward", "1"))
    assert [p.name for p in recorded(host)] == [str(file), "net.ipv4.ip_forward"]
    take_back(shell, host)
    assert file.read_text() == "site\n"


def test_a_record_that_was_not_written_whole_is_begun_again(shell: Shell, host: Path) -> None:
    half = host / "state/record.new"
    half.mkdir(parents=True)
    (half / "resources").write_text("sysctl\tnet.ipv4.ip_forward\t7\n")
    change(shell, Sysctl("net.ipv4.ip_forward", "1"))
    assert recorded(host) == [Prior("sysctl", "net.ipv4.ip_forward", "0")]
    assert not half.exists()


def test_a_record_is_private_and_says_its_version_and_modes(shell: Shell, host: Path) -> None:
    change(shell, Sysctl("net.ipv4.ip_forward", "1"))
    record = host / "state/record"
    assert record.stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o077 for f in record.iterdir()} == {0}
    assert (record / "version").read_text() == f"{VERSION}\n"
    assert (record / "modes").read_text() == f"{MODE}\n"
    assert "net/ipv4/ip_forward:0" in (record / "sysctls").read_text().splitlines()


def test_one_that_begins_after_a_deploy_says_so(shell: Shell, host: Path) -> None:
    (host / "persisted").write_text("# of an earlier release\n")
    change(shell, Sysctl("net.ipv4.ip_forward", "1"))
    assert (host / "state/record/version").read_text() == f"{LATE}\n"


def test_nothing_is_changed_on_a_host_that_cannot_be_written_down(shell: Shell, host: Path) -> None:
    (host / "state").write_text("in the way")
    pending = [(Sysctl("net.ipv4.ip_forward", "1"), "0")]
    ran = shell.run(record_script(pending, mode=MODE) + apply_script([r for r, _ in pending]))
    assert ran.rc != 0
    assert "could not be written down" in ran.stderr
    assert (host / "sys/net/ipv4/ip_forward").read_text() == "0\n"


def test_the_cluster_s_own_objects_are_not_a_host_s() -> None:
    assert record_script([(Objects("network", ()), "absent")], mode=MODE) == ""


@pytest.mark.parametrize("line", ["missing: conntrack socat", "missing: conntrack socat|E: no such package"])
def test_packages_that_were_not_there_go_and_others_stay(shell: Shell, host: Path, line: str) -> None:
    shell.program_is("dpkg-query", "exit 0")
    shell.program_is(
        "apt-get",
        f"""case $* in
          '-s purge conntrack') echo 'Purg conntrack [1.4]';;
          '-s purge socat') printf 'Purg socat [1]\\nPurg site-tool [1]\\n';;
          *) echo "$*" >>{host}/apt;; esac""",
    )
    text = restore(Prior("packages", Packages(("conntrack", "curl", "socat")).name, line))
    assert shell.run(f"set -eu\n{text}").rc == 0
    assert (host / "apt").read_text() == "-q -y -o DPkg::Lock::Timeout=120 purge conntrack\n"
