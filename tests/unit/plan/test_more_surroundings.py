"""Whatever keeps the time, resolves names or takes logs on a host: what it asks is known, too."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, create_connection, create_server, socket

import pytest

from tests.unit.clusters import cluster
from tests.unit.local_host import Shell
from underlay.plan.surroundings import Outside, addresses_in_files, named, surrounding_probes, time_servers
from underlay.resources.answer import Absent, Answered
from underlay.resources.api_server import MEMBER

from .test_surroundings import addresses, ask, line, place

# ntpsec's and OpenNTPD's own words: ntpq -pn, ntpctl -s peers.
NTPQ = """\
     remote                                   refid      st t when poll reach   delay   offset   jitter
=======================================================================================================
 2.debian.pool.ntp.org                   .POOL.          16 p    -  256    0   0.0000   0.0000   0.0001
*10.96.0.123                             .GPS.            1 u   34   64  377   0.3121   0.0112   0.0211
 192.0.2.125                             10.96.0.9        2 u   35   64  377   0.3121   0.0112   0.0211
"""
NTPCTL = """\
peer
   wt tl st  next  poll          offset       delay      jitter
10.96.0.124 from pool pool.ntp.org
 *  1 10  2   10s   32s         0.119ms     2.231ms     0.211ms
"""


def test_time_servers_of_other_daemons_are_read_too(shell: Shell, tmp_path: Path) -> None:
    place(shell, tmp_path, "/etc/ntp.conf", "Server -4 10.96.0.10 iburst\npeer 10.96.0.11\n# server 10.96.0.99\n")
    place(shell, tmp_path, "/etc/openntpd/ntpd.conf", "servers pool.example\nserver 10.96.0.12 weight 5\n")
    shell.program_is("systemctl", "exit 0")
    # Each of the three variables has a line, the last by DHCP.
    shell.program_is("timedatectl", "printf '192.0.2.123\\n\\n10.96.0.13 ntp.example\\n'")
    shell.program_is("chronyc", "exit 1")
    shell.program_is("ntpq", f"cat <<'END'\n{NTPQ}END")
    shell.program_is("ntpctl", f"cat <<'END'\n{NTPCTL}END")
    found = set(addresses(time_servers(line(shell, "time-servers"))))
    assert {a for a in found if a.startswith("10.96.")} == {f"10.96.0.{last}" for last in (10, 11, 12, 13, 123, 124)}


def test_connections_have_the_form_that_this_machines_own_program_prints(shell: Shell) -> None:
    with create_server(("127.0.0.1", 0)) as server, socket(AF_INET, SOCK_DGRAM) as datagrams:
        port = server.getsockname()[1]
        client = create_connection(("127.0.0.1", port))
        datagrams.connect(("127.0.0.1", 9))
        said = line(shell, "connections")
        client.close()
    assert {"127.0.0.1:9", f"127.0.0.1:{port}"} <= {entry.split()[0] for entry in said.split(";") if entry}


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("/etc/dnsmasq.conf", "#server=10.96.0.1\nserver=10.96.0.53\nserver=/corp.example/10.96.0.54#5353\n",
         ["10.96.0.53", "10.96.0.54"]),
        ("/etc/dnsmasq.conf", "server=fd00:20::53\nlisten-address=10.96.0.1\n", ["fd00:20::53"]),
        ("/etc/unbound", "forward-zone:\n  name: \".\"\n  forward-addr: 10.96.0.53@853\n  # forward-addr: 10.96.0.1\n",
         ["10.96.0.53"]),
        ("/etc/bind", "options {\n  forwarders { 10.96.0.53; };\n};\n", ["10.96.0.53"]),
        ("/etc/rsyslog.conf", "#*.* @10.96.0.1\n*.* @@10.96.0.5:514\nmail.* /var/log/mail\n", ["10.96.0.5"]),
    ],
)  # fmt: skip
def test_what_a_resolver_or_logger_on_the_host_asks_is_known(
    shell: Shell, tmp_path: Path, file: str, text: str, found: list[str]
) -> None:
    place(shell, tmp_path, file, text)
    shell.places = {"/etc/environment": "/no/such", **shell.places}
    here = [a for a in addresses(addresses_in_files(line(shell, "configured"))) if a.startswith(("10.96.", "fd00"))]
    assert here == found


def test_names_of_the_inventory_are_resolved_where_the_host_is_no_member(shell: Shell, tmp_path: Path) -> None:
    shell.program_is(
        "getent", 'case $2 in proxy.*) printf "10.96.0.3 STREAM x\\n10.96.0.3 DGRAM\\n";; *) exit 2;; esac'
    )
    shell.places = {MEMBER: str(tmp_path / "member")}
    [made] = [p for p in surrounding_probes(cluster(), ("proxy.example", "mirror.example")) if p.name == "names"]
    said = made.read(shell.ask(made)[0])
    assert said == Answered("proxy.example 10.96.0.3 ;mirror.example ;")
    assert list(named("proxy.example 10.96.0.3 ;mirror.example ;")) == [
        Outside("proxy.example as the host resolves it", ip_address("10.96.0.3"))
    ]
    (tmp_path / "member").write_text("member x y\n")
    assert shell.ask(made) == [Absent()]
    assert ask(shell, "names") == Absent()
