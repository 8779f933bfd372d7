"""Real hosts in namespaces: they boot, talk, come back, are trusted by their key only, and leave nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from underlay.lab import lifecycle, record
from underlay.lab.host import namespaces
from underlay.lab.model import naming, paths
from underlay.lab.model.errors import LabError
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab, LabNode
from underlay.lab.system import reach
from underlay.lab.system.machine import this_machine

from .lab_traces import MINE, OTHER, left_since, traces
from .waiting import COMMAND_S, until

pytestmark = [
    pytest.mark.lab,
    pytest.mark.alone,
    pytest.mark.skipif(os.geteuid() != 0, reason="making hosts needs root"),
]

CLI = [sys.executable, "-c", "from underlay.cli.lab import lab_group; lab_group()"]


@pytest.fixture(scope="module", autouse=True)
def clean() -> Iterator[None]:
    """Whatever an earlier run left, and whatever a failed test leaves."""

    def take_down() -> None:
        for lab in (MINE, OTHER):
            lifecycle.down(lab.name)

    take_down()
    yield
    take_down()


@pytest.fixture
def lab() -> Lab:
    lifecycle.up(MINE)
    return MINE


def ssh(lab: Lab, node: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    words = [*CLI, "ssh", "--name", lab.name, node, *command]
    return subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_S, check=check
    )


def states(lab: Lab) -> dict[str, str]:
    return {host.name: host.state for host in lifecycle.status(lab.name)}


def boot_id(lab: Lab, node: LabNode) -> str:
    return ssh(lab, node.name, "cat", "/proc/sys/kernel/random/boot_id").stdout


def test_every_host_answers_and_is_itself(lab: Lab) -> None:
    assert states(lab) == {"cp-1": "up", "w-1": "up", "w-2": "up"}
    said = [ssh(lab, n.name, "hostname; cat /etc/machine-id; systemctl is-system-running --wait") for n in lab.nodes]
    names, ids, running = zip(*(answer.stdout.split() for answer in said), strict=True)
    assert names == ("cp-1", "w-1", "w-2")
    assert len(set(ids)) == 3
    assert set(running) == {"running"}


def test_hosts_reach_each_other_in_and_across_racks(lab: Lab) -> None:
    for other in lab.nodes[1:]:
        ssh(lab, "cp-1", "ping", "-c1", "-W2", str(other.address))
    hops = ssh(lab, "cp-1", "ip", "route", "get", str(lab.node("w-2").address)).stdout
    assert "via 10.71.1.1" in hops


def test_a_hosts_sysctls_are_its_own(lab: Lab) -> None:
    before = Path("/proc/sys/vm/overcommit_memory").read_text()
    ssh(lab, "w-1", "sysctl -qw vm.overcommit_memory=1 net.ipv4.ip_forward=1")
    assert ssh(lab, "w-1", "sysctl -n vm.overcommit_memory net.ipv4.ip_forward").stdout.split() == ["1", "1"]
    assert ssh(lab, "w-2", "sysctl -n net.ipv4.ip_forward").stdout.split() == ["0"]
    assert Path("/proc/sys/vm/overcommit_memory").read_text() == before


def test_a_host_has_as_much_of_the_processor_as_any_process_of_the_machine(lab: Lab) -> None:
    for group, processes in ((lab.name, 3), ("", min(3, 2 * (os.cpu_count() or 1)))):
        kinds = (("cpu.weight", 100), ("cpu.shares", 1024))
        shares = [
            int(path.read_text()) / share
            for h in this_machine().hierarchies
            for file, share in kinds
            if (path := h.mountpoint / naming.group(group) / file).exists()
        ]
        assert len(shares) == 1
        assert shares[0] == processes if group else shares[0] >= processes


def test_modprobe_tells_the_truth(lab: Lab) -> None:
    assert ssh(lab, "w-1", "modprobe", "br_netfilter", check=False).returncode == 0
    assert ssh(lab, "w-1", "modprobe", "no_such_module", check=False).returncode != 0


def test_container_data_lies_on_no_overlay(lab: Lab) -> None:
    kinds = ssh(lab, "w-1", "stat -f -c %T /var/lib/containerd /var/lib/kubelet /var/lib/etcd /").stdout.split()
    assert kinds[3] == "overlayfs"
    assert "overlayfs" not in kinds[:3]


def test_resolv_conf_is_a_file(lab: Lab) -> None:
    assert ssh(lab, "w-1", "stat", "-c", "%F", "/etc/resolv.conf").stdout.strip() == "regular file"


def test_up_twice_is_harmless(lab: Lab) -> None:
    before = [boot_id(lab, node) for node in lab.nodes]
    lifecycle.up(lab)
    assert [boot_id(lab, node) for node in lab.nodes] == before


def test_a_reboot_comes_back_with_what_was_written(lab: Lab) -> None:
    node = lab.node("w-1")
    before = boot_id(lab, node)
    ssh(lab, "w-1", "echo here >/root/kept; systemctl reboot", check=False)

    def after() -> list[str]:
        words = ssh(lab, "w-1", "cat /proc/sys/kernel/random/boot_id /root/kept", check=False).stdout.split()
        return [] if words == [before.strip(), "here"] else words

    id_now, kept = until(after, within=60)
    assert kept == "here"
    assert id_now != before.strip()


def test_a_host_that_was_switched_off_is_switched_on_with_its_disk(lab: Lab) -> None:
    ssh(lab, "w-1", "echo here >/root/kept; systemctl poweroff", check=False)
    until(lambda: states(lab)["w-1"] == "off", within=60)
    assert states(lab)["cp-1"] == "up"
    lifecycle.boot(lab, "w-1")
    assert ssh(lab, "w-1", "cat", "/root/kept").stdout == "here\n"


def test_a_changed_host_key_is_refused_by_ssh_and_by_the_connector(lab: Lab) -> None:
    key = "/etc/ssh/ssh_host_ed25519_key"
    ssh(lab, "w-2", f"cp -p {key} /root/mine && rm {key} && ssh-keygen -q -t ed25519 -N '' -f {key} </dev/null")
    refused = ssh(lab, "w-2", "true", check=False)  # sshd reads its key for each connection's process
    if not refused.returncode:
        ssh(lab, "w-2", "systemctl restart ssh")
        refused = ssh(lab, "w-2", "true", check=False)
    assert refused.returncode == 255
    assert "Host key verification failed" in refused.stderr
    target = f"@lab/{lab.name}:w-2"
    pyinfra = [str(Path(sys.executable).with_name("pyinfra")), "-y", target, "exec", "--", "true"]
    done = subprocess.run(pyinfra, capture_output=True, text=True, cwd="/", timeout=COMMAND_S, check=False)
    assert done.returncode == 1
    assert "Host key for 10.71.2.22 does not match" in done.stderr
    lifecycle.down(lab.name)  # with nobody to trust, the way back is a new host


def test_shows_a_directory_of_this_machine_read_only(tmp_path: Path) -> None:
    lifecycle.down(MINE.name)
    (tmp_path / "hello").write_text("from here")
    small = Lab("t1", network=MINE.network, workers=0, mounts={"/opt/shown": str(tmp_path)}, memory=512 << 20)
    lifecycle.up(small)
    assert ssh(small, "cp-1", "cat /opt/shown/hello").stdout == "from here"
    assert "Read-only" in ssh(small, "cp-1", "touch /opt/shown/x", check=False).stderr
    with pytest.raises(LabError, match=r"cp-1: is up without the mount of /srv at /opt/other"):
        lifecycle.up(Lab("t1", network=MINE.network, workers=0, mounts={"/opt/other": "/srv"}))
    lifecycle.down(small.name)


def test_two_labs_stand_side_by_side_and_down_leaves_nothing() -> None:
    for lab in (MINE, OTHER):
        lifecycle.down(lab.name)
    before = traces()
    lifecycle.up(MINE)
    lifecycle.up(OTHER)
    assert {*states(MINE).values(), *states(OTHER).values()} == {"up"}
    assert left_since(before)
    lifecycle.down(MINE.name)
    assert set(states(OTHER).values()) == {"up"}
    assert not reach.answers(MINE.nodes[0].address, timeout=0.2)
    lifecycle.down(OTHER.name)
    assert not left_since(before)
    assert not lifecycle.down(MINE.name)


@pytest.mark.parametrize("after", [0.2, 0.3, 0.5, 1.0])
def test_a_killed_up_is_taken_further_or_taken_down(after: float) -> None:
    before = traces()
    network = ["--name", MINE.name, "--network", MINE.network]
    with subprocess.Popen([*CLI, "up", *network], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
    lifecycle.up(MINE)
    assert set(states(MINE).values()) == {"up"}
    lifecycle.down(MINE.name)
    with subprocess.Popen([*CLI, "up", *network], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
    lifecycle.down(MINE.name)
    assert not left_since(before)


def test_a_killed_down_is_finished_by_the_next() -> None:
    before = traces()
    for after in (0.15, 0.25, 0.35):
        lifecycle.up(MINE)
        with subprocess.Popen([*CLI, "down", "--name", MINE.name], stdout=subprocess.DEVNULL) as process:
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
        lifecycle.down(MINE.name)
        assert not left_since(before)


def test_a_down_that_was_killed_at_its_very_end_leaves_no_lock_behind_the_next() -> None:
    before = traces()
    paths.locks().mkdir(parents=True, exist_ok=True)
    (paths.locks() / f"lab-{MINE.name}.lock").touch()
    assert not lifecycle.down(MINE.name)
    assert not left_since(before)


def test_leftovers_of_a_crash_are_cleaned_not_tripped_over() -> None:
    before = traces()
    name = naming.namespace(MINE.name, "cp-1")
    namespaces.DIRECTORY.mkdir(exist_ok=True)
    namespaces.path(name).touch()  # a killed `ip netns add`
    namespaces.path(naming.router(MINE.name)).touch()
    half = LabPaths.of(MINE.name).nodes / ".cp-1.new/upper"
    half.mkdir(parents=True)
    for hierarchy in this_machine().hierarchies:
        (hierarchy.mountpoint / naming.group(MINE.name, "cp-1", "host")).mkdir(parents=True)
    subprocess.run(
        ["ip", "link", "add", naming.uplink(MINE.name), "type", "veth", "peer", "name", "t1-peer"], check=True
    )
    lifecycle.up(MINE)
    assert set(states(MINE).values()) == {"up"}
    lifecycle.down(MINE.name)
    assert not left_since(before)


def test_a_network_in_use_is_refused_and_nothing_is_made() -> None:
    before = traces()
    subprocess.run(["ip", "route", "add", "unreachable", "10.71.128.0/24"], check=True)
    try:
        with pytest.raises(
            LabError, match=r"network: 10.71.0.0/16 of lab t1 overlaps a route of this machine \(10.71.128.0/24"
        ):
            lifecycle.up(MINE)
    finally:
        subprocess.run(["ip", "route", "del", "unreachable", "10.71.128.0/24"], check=True)
    assert not left_since(before)


def test_a_host_that_dies_at_boot_says_why_in_one_line() -> None:
    lifecycle.up(OTHER)
    ssh(OTHER, "cp-1", "rm /sbin/init; systemctl poweroff -ff", check=False)
    until(lambda: states(OTHER)["cp-1"] != "up", within=60)
    with pytest.raises(
        LabError, match=r"^cp-1: ended while booting; its console says: .*the host cannot start: .*/sbin/init"
    ):
        lifecycle.up(OTHER)
    lifecycle.down(OTHER.name)


def test_down_removes_what_a_lost_record_left() -> None:
    before = traces()
    lifecycle.up(OTHER)
    shutil.rmtree(LabPaths.of(OTHER.name).root, ignore_errors=True)
    assert record.read(OTHER.name) is None
    assert OTHER.name in lifecycle.names()
    with pytest.raises(LabError, match=r"^lab t2: its hosts run without a record in \S+; run `underlay lab down"):
        lifecycle.up(OTHER)
    lifecycle.down(OTHER.name)
    assert not left_since(before)
