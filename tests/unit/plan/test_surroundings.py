"""What a host lives by is read from its own configuration by a real shell."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from threading import Thread

import pytest

from tests.unit.clusters import cluster
from tests.unit.local_host import Shell
from underlay.plan.ground import PLACES, free_inodes, ground_probes, mount_options
from underlay.plan.probe import Probe
from underlay.plan.surroundings import (
    Outside,
    addresses_in_files,
    connections,
    name_servers,
    resolved,
    resolver_files,
    surrounding_probes,
    time_servers,
)
from underlay.resources.answer import Absent, Answer, Answered
from underlay.resources.api_server import MEMBER

INACTIVE = "exit 3"


def probe(name: str, **changes: object) -> Probe:
    return next(
        p for p in (*surrounding_probes(cluster(**changes)), *ground_probes(cluster(**changes))) if p.name == name
    )


def ask(shell: Shell, name: str, **changes: object) -> Answer:
    made = probe(name, **changes)
    return made.read(shell.ask(made)[0])


def line(shell: Shell, name: str, **changes: object) -> str:
    answer = ask(shell, name, **changes)
    assert isinstance(answer, Answered)
    return answer.line


def addresses(found: object) -> list[str]:
    return [str(known.address) for known in found]  # type: ignore[attr-defined]


def place(shell: Shell, tmp_path: Path, path: str, text: str) -> None:
    own = tmp_path / path.lstrip("/").replace("/", "_")
    own.write_text(text)
    shell.places = {**shell.places, path: str(own)}


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("nameserver 10.96.0.53\n", ("10.96.0.53",)),
        ("# nameserver 1.1.1.1\nsearch corp.example\nnameserver\t192.0.2.53 \nnameserver fe80::1%eth0\n",
         ("192.0.2.53", "fe80::1%eth0")),
        ("", ()),
        ("search corp.example\noptions edns0\n", ()),
        ("nameserver dns.example\n", ("dns.example",)),
        ("nameservers 192.0.2.53\n", ()),
    ],
)  # fmt: skip
def test_name_servers_are_those_of_the_resolvers_configuration(
    shell: Shell, tmp_path: Path, text: str, servers: tuple[str, ...]
) -> None:
    place(shell, tmp_path, "/etc/resolv.conf", text)
    shell.program_is("systemctl", INACTIVE)
    (_, pods), (_, own) = resolver_files(line(shell, "name-servers"))
    assert pods == own == servers


def test_with_resolved_pods_are_given_its_servers_and_the_host_its_stub(shell: Shell, tmp_path: Path) -> None:
    place(shell, tmp_path, "/etc/resolv.conf", "nameserver 127.0.0.53\n")
    place(shell, tmp_path, "/run/systemd/resolve/resolv.conf", "# No DNS servers known.\nsearch .\n")
    shell.program_is("systemctl", "exit 0")
    (_, pods), (_, own) = resolver_files(line(shell, "name-servers"))
    assert (pods, own) == ((), ("127.0.0.53",))
    place(shell, tmp_path, "/run/systemd/resolve/resolv.conf", "nameserver 10.96.0.53\nnameserver 2001:db8::53\n")
    found = list(name_servers(line(shell, "name-servers")))
    assert addresses(found) == ["10.96.0.53", "2001:db8::53"]


def test_pods_may_be_given_a_file_of_the_inventory(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "pods.conf").write_text("nameserver 192.0.2.99\n")
    place(shell, tmp_path, "/etc/resolv.conf", "nameserver 127.0.0.1\n")
    file = str(tmp_path / "pods.conf")
    assert resolver_files(line(shell, "name-servers", kubelet={"resolvConf": file}))[0] == (file, ("192.0.2.99",))


def test_a_file_that_pods_are_to_be_given_and_that_is_not_there_is_told(shell: Shell, tmp_path: Path) -> None:
    place(shell, tmp_path, "/etc/resolv.conf", "nameserver 192.0.2.53\n")
    file = str(tmp_path / "no.conf")
    said = line(shell, "name-servers", kubelet={"resolvConf": file})
    assert resolver_files(said)[0] == (file, ("!",))
    assert addresses(name_servers(said)) == ["192.0.2.53"]


# Debian 13's chrony and timesyncd, and ntpsec's.
CHRONY = "# Use Debian vendor zone.\npool 2.debian.pool.ntp.org iburst\nserver 10.96.0.123 iburst\nsourcedir /run/x\n"
TIMESYNCD = "[Time]\n#NTP=\nNTP=10.96.7.7 ntp.example\nFallbackNTP=10.244.0.7\n#FallbackNTP=0.debian.pool.ntp.org\n"


def test_time_servers_are_those_of_whatever_keeps_the_time(shell: Shell, tmp_path: Path) -> None:
    place(shell, tmp_path, "/etc/chrony/chrony.conf", CHRONY)
    place(shell, tmp_path, "/etc/systemd/timesyncd.conf", TIMESYNCD)
    shell.program_is("systemctl", "exit 0")
    shell.program_is("timedatectl", "echo 192.0.2.123")
    shell.program_is("chronyc", "echo '^,*,192.0.2.124,2,6,377,41,-0.000,-0.000,0.001'")
    found = addresses(time_servers(line(shell, "time-servers")))
    assert set(found) == {"10.96.0.123", "10.96.7.7", "10.244.0.7", "192.0.2.123", "192.0.2.124"}


# iproute2 6.15 on Debian 13.
SS = """\
tcp   0      0          10.77.1.21:22       10.96.3.4:51234 users:(("sshd-session",pid=71,fd=7),("sshd",pid=70,fd=7))
tcp   0      36    [2001:db8::21]:636  [2001:db8::99]:389   users:(("sssd",pid=9,fd=3))
tcp   0      0     [::ffff:10.77.1.21]:9100 [::ffff:10.244.9.9]:4000
udp   0      0          10.77.1.21:40001      10.96.0.123:123   users:(("chronyd",pid=8,fd=5))
tcp   0      0          127.0.0.1:9       127.0.0.1:10
"""


def test_connections_are_told_with_their_programs(shell: Shell) -> None:
    shell.program_is("ss", f"cat <<'END'\n{SS}END")
    found = list(connections(line(shell, "connections")))
    assert Outside("the other end of a connection of sshd-session", ip_address("10.96.3.4")) in found
    assert Outside("the other end of a connection of sssd", ip_address("2001:db8::99")) in found
    assert Outside("the other end of a connection of chronyd", ip_address("10.96.0.123")) in found
    assert set(addresses(found)) == {"10.96.3.4", "2001:db8::99", "10.244.9.9", "10.96.0.123"}


def test_addresses_in_files_are_told_without_passwords(shell: Shell, tmp_path: Path) -> None:
    place(shell, tmp_path, "/etc/environment", 'https_proxy="http://joe:hunter2@10.96.0.3:3128"\nno_proxy=10.0.0.1\n')
    folder = tmp_path / "certs.d/docker.io"
    folder.mkdir(parents=True)
    (folder / "hosts.toml").write_text('[host."https://[fd00:20::7]:5000"]\n[host."https://mirror.example"]\n')
    shell.places = {**shell.places, "/etc/containerd/certs.d": str(tmp_path / "certs.d")}
    said = line(shell, "configured")
    assert "hunter2" not in said
    found = {str(k.address): k.what for k in addresses_in_files(said)}
    assert found["10.96.0.3"].startswith("an address in ")
    assert "fd00:20::7" in found
    assert "10.0.0.1" not in found


@pytest.mark.parametrize(
    ("getent", "found"),
    [
        ("printf '192.0.2.9 STREAM api\\n192.0.2.9 DGRAM\\n2001:db8::9 RAW\\n'", "192.0.2.9 2001:db8::9"),
        ("exit 2", "unknown"),
        ("exit 124", "silent"),
    ],
)
def test_the_endpoint_is_asked_of_the_hosts_own_name_service(shell: Shell, getent: str, found: str) -> None:
    shell.program_is("getent", getent)
    assert line(shell, "endpoint", control_plane_endpoint="api.example.net:6443") == found
    assert len(resolved(found)) == (2 if " " in found else 0)


def test_an_endpoint_that_is_an_address_is_not_resolved(shell: Shell) -> None:
    assert ask(shell, "endpoint") == Absent()


MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
/dev/sda2 /opt ext4 rw,nosuid,nodev,noexec,relatime 0 0
/dev/sda3 /var/lib ext4 rw,nodev 0 0
/dev/sda4 /var/lib/etcd ext4 ro,nodev 0 0
/dev/sda4 /var/lib/etc ext4 rw,odd 0 0
tmpfs /tmp tmpfs rw,noexec 0 0
"""


def test_every_place_has_the_options_of_the_file_system_it_is_on(shell: Shell, tmp_path: Path) -> None:
    place(shell, tmp_path, "/proc/self/mounts", MOUNTS)
    found = mount_options(line(shell, "mounts"))
    assert set(found) == set(PLACES)
    assert "noexec" in found["/opt/cni/bin"]
    assert "ro" in found["/var/lib/etcd"]
    assert found["/var/lib/kubelet"] == {"rw", "nodev"}
    assert found["/usr/local/bin"] == {"rw", "relatime"}


@pytest.mark.parametrize(("text", "free"), [("Inodes IFree 100 5", 5), ("Inodes IFree 0 0", None), ("- -", None)])
def test_inodes_are_counted_where_a_file_system_has_a_number_of_them(text: str, free: int | None) -> None:
    assert free_inodes(text) == free


def test_the_hosts_own_name_server_is_asked_before_it_is_a_member(shell: Shell, tmp_path: Path) -> None:
    place(shell, tmp_path, "/etc/resolv.conf", "nameserver 127.0.0.1\nnameserver 192.0.2.53\n")
    with socket(AF_INET, SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        shell.places = {**shell.places, "/53": f"/{server.getsockname()[1]}", MEMBER: str(tmp_path / "member")}
        answered = Thread(target=lambda: server.sendto(b"reply", server.recvfrom(512)[1]))
        answered.start()
        assert line(shell, "answering") == "127.0.0.1"
        answered.join()
    # Nobody listens any more.
    assert ask(shell, "answering") == Absent()
    (tmp_path / "member").write_text("member x y\n")
    assert ask(shell, "answering") == Absent()


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("rc.local", "#!/bin/sh -e\nswapon /swapfile\nexit 0\n", True),
        ("rc.local", "#!/bin/sh\n[ -e /x ] && /sbin/swapon -a\n", True),
        ("rc.local", "#!/bin/sh\n# swapon /swapfile\nswapoff -a\n", False),
        ("rc.local", "#!/bin/sh\nagent --swapon-metrics\n", False),
        ("crontab", "@reboot root swapon /swapfile\n", True),
        ("cron.d/swap", "@reboot root /sbin/swapon /swapfile\n", True),
        (
            "udev/rules.d/99-zram.rules",
            'KERNEL=="zram0", RUN+="/sbin/mkswap /dev/zram0", RUN+="/sbin/swapon /dev/zram0"\n',
            True,
        ),
        ("udev/rules.d/99-zram.rules", '# RUN+="/sbin/swapon /dev/zram0"\n', False),
        ("cron.d/other", "*/5 * * * * root true\n", False),
    ],
)
def test_what_turns_swap_on_beside_systemd_is_found(
    shell: Shell, tmp_path: Path, file: str, text: str, found: bool
) -> None:
    shell.places = {"/etc/": f"{tmp_path}/etc/", "/var/spool": str(tmp_path)}
    path = tmp_path / "etc" / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o755)
    assert ask(shell, "swapon") == (Answered(str(path)) if found else Absent())
    assert ask(shell, "swapon", swap="keep") == Absent()
    if file == "rc.local":
        # systemd runs it where it can be executed.
        path.chmod(0o644)
        assert ask(shell, "swapon") == Absent()
