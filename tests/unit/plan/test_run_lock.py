"""One deploy at a time on a host: the lock is its connection's, and ends with that, however the run ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from underlay.plan.run_lock import LOCK, PRELUDE, holder, take
from underlay.resources.answer import Answered


@dataclass
class Host:
    """A host as sshd serves it: each connection is a process of its own, below which shells are started."""

    root: Path
    shell: str
    connections: list[subprocess.Popen[str]] = field(default_factory=list)

    def connect(self) -> subprocess.Popen[str]:
        """A connection: it runs each line that it is given, below as many shells as becoming root takes."""
        serve = "import subprocess, sys\nfor line in sys.stdin:\n    subprocess.run(eval(line)); print('', flush=True)"
        self.connections.append(
            subprocess.Popen(
                [sys.executable, "-SE", "-c", serve], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        return self.connections[-1]

    def lock(self, connection: subprocess.Popen[str], token: str, whose: str = "somebody") -> str:
        """The answer of the host to the question for its lock."""
        script = f"exec 2>/dev/null; set -f\n{PRELUDE}\n{take(token=token, whose=whose)}".replace(
            "/run", f"{self.root}/run"
        )
        assert connection.stdin
        assert connection.stdout
        # As through sudo: a shell that starts a shell.
        connection.stdin.write(repr([self.shell, "-c", f'{self.shell} -c "$0"; :', script]) + "\n")
        connection.stdin.flush()
        said = ""
        while (line := connection.stdout.readline()) not in ("\n", ""):
            said += line
        return said.strip()


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
    script = f"exec 2>/dev/null; set -f\n{PRELUDE}\n".replace("/run", f"{host.root}/run")
    for n, connection in enumerate(connections):
        assert connection.stdin
        text = script + take(token=f"t{n}", whose=f"run {n}").replace("/run", f"{host.root}/run")
        connection.stdin.write(repr([host.shell, "-c", text]) + "\n")
        connection.stdin.flush()
    said = [c.stdout.readline().strip() for c in connections if c.stdout]
    assert sorted(s == "taken" for s in said) == [False, False, False, True]
    assert len({s for s in said if s != "taken"}) == 1


def test_whose_it_is_stays_one_line_whatever_a_name_contains(host: Host) -> None:
    whose = "deploy of a\nb'c;$(id) by ops@bastion"
    assert host.lock(host.connect(), "a", whose) == "taken"
    assert holder(Answered(host.lock(host.connect(), "b"))) == "deploy of a b'c;$(id) by ops@bastion"
