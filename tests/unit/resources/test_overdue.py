"""A question whose program hangs is unknown within its time, and costs no other question its answer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.unit.local_host import Shell
from underlay.plan.probe import Probe
from underlay.resources.answer import Answer, Answered, Unknown
from underlay.resources.script import observe_script, read_observations


def answered(shell: Shell, *commands: str, seconds: float = 0.5) -> list[Answer]:
    """What a host answers whose programs are given so many seconds each."""
    questions = [Probe(f"q{n}", command, "it", bool, may_lack=True) for n, command in enumerate(commands)]
    ran = shell.run(observe_script(questions, seconds=seconds), stdin=False)
    assert ran.rc == 0
    return read_observations(questions, ran.stdout.split("\n"))


def test_a_program_that_hangs_is_named_whatever_is_made_of_its_end(shell: Shell) -> None:
    shell.program_is("hangs", "exec sleep 600")
    commands = (
        "hangs",
        "hangs || echo absent",
        "! hangs || echo active",
        "hangs | cat",
        "case $(hangs | cut -c1) in '') echo none;; esac",
    )
    found = answered(shell, "echo 1", *commands, "echo 2")
    assert found == [Answered("1"), *[Unknown("sleep gave no answer in time")] * len(commands), Answered("2")]


def test_one_that_heeds_no_signal_is_ended_too(shell: Shell) -> None:
    shell.program_is("hangs", "trap '' TERM; while :; do :; done")
    assert answered(shell, "hangs", "echo 2") == [Unknown("hangs gave no answer in time"), Answered("2")]


def test_what_has_hung_is_given_less_from_then_on(shell: Shell) -> None:
    shell.program_is("hangs", "exec tail -f /dev/null")
    began = time.monotonic()
    assert answered(shell, *["hangs"] * 3, "u_ask 1 hangs") == [Unknown("tail gave no answer in time")] * 3 + [
        Unknown("hangs gave no answer within 1 s")
    ]
    # A busy machine is given many times what it takes.
    assert time.monotonic() - began < 60


def test_what_has_a_bound_of_its_own_keeps_it(shell: Shell) -> None:
    assert answered(shell, "timeout 20 sh -c 'sleep 1.2; echo late'", "timeout 20 sleep 1.2 && echo done") == [
        Answered("late"),
        Answered("done"),
    ]


def test_a_question_of_many_short_programs_is_not_ended(shell: Shell) -> None:
    loop = "i=0; while [ $i -lt 5 ]; do sleep 0.5; i=$((i + 1)); done; echo $i"
    assert answered(shell, loop, seconds=2) == [Answered("5")]


def test_what_timed_out_once_is_not_asked_again(shell: Shell) -> None:
    shell.program_is("hangs", "exec sleep 600")
    assert answered(shell, "u_ask 0.5 hangs", "u_ask 30 hangs") == [
        Unknown("hangs gave no answer within 0.5 s"),
        Unknown("hangs gave no answer before"),
    ]


@pytest.mark.parametrize("end", ["exit 3", "kill -9 $$"])
def test_nothing_is_left_behind(shell: Shell, tmp_path: Path, end: str) -> None:
    shell.program_is("sleep", f'echo $$ >>{tmp_path}/naps; exec /bin/sleep "$@"')
    questions = [Probe("q", f"/bin/sleep 0.4; {end}", "it", bool)]
    shell.run(observe_script(questions, seconds=1), stdin=False)
    naps = (tmp_path / "naps").read_text().split()
    assert naps
    deadline = time.monotonic() + 10
    while any(Path("/proc", pid).exists() for pid in naps):
        assert time.monotonic() < deadline
        time.sleep(0.05)
