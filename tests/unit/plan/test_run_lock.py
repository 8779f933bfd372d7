"""One deploy at a time on a host: the lock is its connection's, and ends with that, however the run ended."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from underlay.plan.run_lock import AT_WORK, ATTEMPT, LEFT, LEFT_S, LOCK, PRELUDE, at_work, holder, take
from underlay.resources.answer import Answered


@dataclass
class Host:
    """A host as sshd serves it: each connection is a process of its own, below which shells are started."""

    root: Path
    shell: str
    patience_ms: int = 120_000
    left_s: int = LEFT_S
    connections: list[subprocess.Popen[str]] = field(default_factory=list)

    def connect(self, *arguments: str, first: str = "") -> subprocess.Popen[str]:
        """A connection: it runs each line that it is given, below as many shells as becoming root takes.

        :param first: Python that it runs before, with `arguments`.
        """
        serve = f"import socket, subprocess, sys\n{first}\nfor line in sys.stdin:\n    subprocess.run(eval(line)); print('', flush=True)"
        self.connections.append(
            subprocess.Popen(
                [sys.executable, "-SE", "-c", serve, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}"},
            )
        )
        return self.connections[-1]

    def ask(self, connection: subprocess.Popen[str], text: str) -> None:
        """Have a connection run shell text, with the lock's functions."""
        script = self.here(f"exec 2>/dev/null; set -f\n{PRELUDE}\n{text}")
        for own, bound in ((120_000, self.patience_ms), (2 * LEFT_S, 2 * self.left_s)):
            script = re.sub(f" {own}( |$)", rf" {bound}\1", script, flags=re.MULTILINE)
        assert connection.stdin
        # As through sudo: a shell that starts a shell.
        connection.stdin.write(repr([self.shell, "-c", f'{self.shell} -c "$0"; :', script]) + "\n")
        connection.stdin.flush()

    def answer(self, connection: subprocess.Popen[str]) -> str:
        """What the text has printed."""
        assert connection.stdout
        said = ""
        while (line := connection.stdout.readline()) not in ("\n", ""):
            said += line
        return said.strip()

    def lock(self, connection: subprocess.Popen[str], token: str, whose: str = "somebody") -> str:
        """The answer of the host to the question for its lock."""
        self.ask(connection, take(token=token, whose=whose))
        return self.answer(connection)

    def here(self, text: str) -> str:
        """Text with the paths of this host."""
        return re.sub("/run/underlay|/var/lib/underlay", lambda found: f"{self.root}{found[0]}", text)

    @property
    def whether_ended(self) -> str:
        """Shell that says so where the script that was left at work has ended."""
        return f"[ ! -e {self.root}/ended ] || echo afterwards"

    @contextmanager
    def left_at_work(self, token: str) -> Iterator[int]:
        """A script of a run's, which is at work until the block ends."""
        text = self.here(
            f"{at_work(token)}echo; while [ ! -e {self.root}/end ]; do sleep 0.05; done; echo >{self.root}/ended"
        )
        with subprocess.Popen([self.shell, "-c", text], stdout=subprocess.PIPE) as script:
            assert script.stdout
            script.stdout.readline()
            try:
                yield script.pid
            finally:
                (self.root / "end").touch()


@pytest.fixture(params=["sh", "bash"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    found = Host(tmp_path, request.param)
    yield found
    for connection in found.connections:
        connection.kill()
        connection.communicate()


def test_the_first_has_it_and_the_second_is_told_whose_it_is(host: Host) -> None:
    one, two = host.connect(), host.connect()
    assert host.lock(one, "a", "ops@bastion") == "taken"
    assert holder(Answered(host.lock(two, "b"))) == "ops@bastion"
    # Asked again, as after a change of the plan: it is its own.
    assert host.lock(one, "a", "ops@bastion") == "taken"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_has_ended_holds_nothing_however_it_ended(host: Host, end: signal.Signals) -> None:
    one, two = host.connect(), host.connect()
    assert host.lock(one, "a") == "taken"
    one.send_signal(end)
    one.wait()
    assert host.lock(two, "b") == "taken"


def test_a_run_keeps_its_lock_over_a_second_connection(host: Host) -> None:
    one, again, other = host.connect(), host.connect(), host.connect()
    assert host.lock(one, "a") == "taken"
    assert host.lock(again, "a") == "taken"
    assert holder(Answered(host.lock(other, "b"))) is not None


def test_a_process_that_has_the_number_of_a_dead_one_holds_nothing(host: Host) -> None:
    lock = host.root / LOCK[1:]
    lock.parent.mkdir(parents=True)
    lock.write_text(f"{os.getpid()} 1 a somebody\n")  # this test lives, and did not begin at tick 1
    assert host.lock(host.connect(), "b") == "taken"


@pytest.mark.parametrize("text", ["", "garbage\n", "1\n", "x y z\n", "\0\0\0\n"])
def test_a_lock_that_cannot_be_read_holds_nobody_up(host: Host, text: str) -> None:
    lock = host.root / LOCK[1:]
    lock.parent.mkdir(parents=True)
    lock.write_text(text)
    assert host.lock(host.connect(), "b") == "taken"


def test_of_many_at_once_exactly_one_has_it(host: Host) -> None:
    connections = [host.connect() for _ in range(4)]
    for n, connection in enumerate(connections):
        host.ask(connection, take(token=f"t{n}", whose=f"run {n}"))
    said = [host.answer(connection) for connection in connections]
    assert sorted(s == "taken" for s in said) == [False, False, False, True]
    assert len({s for s in said if s != "taken"}) == 1


def kill(connection: subprocess.Popen[str]) -> None:
    connection.kill()
    connection.wait()


def test_what_a_killed_run_has_left_at_work_is_waited_for(host: Host) -> None:
    one, two = host.connect(), host.connect()
    assert host.lock(one, "a") == "taken"
    with host.left_at_work("a"):
        kill(one)
        host.ask(two, f"{take(token='b', whose='me')}; {host.whether_ended}")  # noqa: S106
        time.sleep(0.3)
    assert host.answer(two).split() == ["taken", "afterwards"]
    assert not (host.root / AT_WORK[1:]).exists()


def test_what_a_run_itself_has_at_work_does_not_hold_it_up(host: Host) -> None:
    one = host.connect()
    assert host.lock(one, "a") == "taken"
    with host.left_at_work("a"):
        assert host.lock(one, "a") == "taken"


def test_a_script_that_is_noted_itself_does_not_wait_for_itself(host: Host) -> None:
    one, two = host.connect(), host.connect()
    host.left_s = 1
    assert host.lock(one, "a") == "taken"
    kill(one)
    host.ask(two, f"{at_work('b')}{LEFT}")
    assert host.answer(two) == "none"


def test_what_does_not_end_is_told(host: Host) -> None:
    one, two = host.connect(), host.connect()
    host.left_s = 1
    assert host.lock(one, "a", "ops@bastion") == "taken"
    with host.left_at_work("a"):
        kill(one)
        assert holder(Answered(host.lock(two, "b"))) == "ops@bastion; it has ended, and left a script at work there"
    assert host.lock(two, "b") == "taken"


def test_an_attempt_of_kubeadm_is_not_waited_for(host: Host) -> None:
    one, two = host.connect(), host.connect()
    assert host.lock(one, "a") == "taken"
    with host.left_at_work("a") as script:
        attempt = host.root / ATTEMPT[1:]
        attempt.parent.mkdir(parents=True)
        attempt.write_text(f"{script} 1\n")
        kill(one)
        assert host.lock(two, "b") == "taken"


def test_who_only_looks_waits_for_what_is_left_and_not_for_a_run_that_lives(host: Host) -> None:
    one, two = host.connect(), host.connect()
    host.ask(two, LEFT)
    assert host.answer(two) == "none"
    assert host.lock(one, "a") == "taken"
    with host.left_at_work("a"):
        host.ask(two, LEFT)
        assert host.answer(two) == "none"
        kill(one)
        host.ask(two, f"{LEFT}; {host.whether_ended}")
        time.sleep(0.3)
    assert host.answer(two).split() == ["none", "afterwards"]


def test_whose_it_is_stays_one_line_whatever_a_name_contains(host: Host) -> None:
    whose = "deploy of a\nb'c;$(id) by ops@bastion"
    assert host.lock(host.connect(), "a", whose) == "taken"
    assert holder(Answered(host.lock(host.connect(), "b"))) == "deploy of a b'c;$(id) by ops@bastion"


# What ss of iproute2 6.15 prints of a connection of sshd, shortened; a zero is left out.
OF_SSHD = """\
ESTAB 0 0 192.0.2.11:22 192.0.2.250:50022 users:(("sshd-session",pid={pid},fd=4),("sshd-session",pid=1,fd=4))
\t cubic wscale:7,7 rto:201 rtt:0.3/0.1 bytes_acked:1 lastsnd:5 {received}lastack:5 pacing_rate 1Gbps
ESTAB 0 0 192.0.2.11:6443 192.0.2.12:50023 users:(("kube-apiserver",pid=2{pid},fd=7))
\t cubic rto:201 lastsnd:999999 lastrcv:999999 lastack:999999
"""


def show(host: Host, text: str) -> None:
    """Have the host's ss print something."""
    (host.root / "bin").mkdir(exist_ok=True)
    program = host.root / "bin/ss"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{text}END\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("received", "holds"),
    [
        ("lastrcv:120001 ", False),
        ("lastrcv:86400000 ", False),
        ("lastrcv:120000 ", True),
        ("lastrcv:15 ", True),
        ("", True),
    ],
)
def test_a_run_whose_machine_has_vanished_holds_nothing_after_two_minutes(
    host: Host, received: str, holds: bool
) -> None:
    one, two = host.connect(), host.connect()
    assert host.lock(one, "a", "ops@bastion") == "taken"
    show(host, OF_SSHD.format(pid=one.pid, received=received))
    if holds:
        assert holder(Answered(host.lock(two, "b"))) == "ops@bastion"
        return
    assert host.lock(two, "b") == "taken"
    # Should it come back after all, it finds its connection closed.
    assert one.wait() == -signal.SIGTERM


@pytest.mark.parametrize(
    "text", ["", "garbage\n", "ESTAB 0 0\n", "\t lastrcv:999999\n", OF_SSHD.format(pid=7, received="")]
)
def test_what_ss_does_not_say_ends_no_lock(host: Host, text: str) -> None:
    one, two = host.connect(), host.connect()
    assert host.lock(one, "a") == "taken"
    show(host, text)
    assert holder(Answered(host.lock(two, "b"))) is not None


ACCEPT = """\
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
taken, _ = server.accept()
"""


def test_the_kernel_tells_how_long_a_connection_has_been_silent(host: Host) -> None:
    one, two = host.connect(first=ACCEPT), host.connect()
    assert one.stdout
    with socket.create_connection(("127.0.0.1", int(one.stdout.readline()))) as peer:
        peer.sendall(b"hello")
        assert host.lock(one, "a") == "taken"
        peer.sendall(b"keepalive")
        assert holder(Answered(host.lock(two, "b"))) is not None
        host.patience_ms = 300
        time.sleep(0.4)
        assert host.lock(two, "b") == "taken"
        assert one.wait() == -signal.SIGTERM
