"""Many resources, one script: order, the first failure, and answers that stay with their questions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.local_host import OWNER, Shell
from underlay.resources.answer import Absent, Answer, Answered, Unknown
from underlay.resources.file import File
from underlay.resources.resource import Host, Resource
from underlay.resources.script import apply_script, observe_script, read_observations, read_outcome


@dataclass(frozen=True)
class Fragment(Resource):
    """A resource of plain shell text."""

    observed: str = "echo good"
    act: str = ":"
    label: str = "a"

    kind = "fragment"
    prelude = "u_fragment() { echo good; }"

    @property
    def name(self) -> str:
        return self.label

    def observe(self) -> str:
        return self.observed

    def difference(self, observed: str) -> str | None:
        return None if observed == "good" else f"{observed or 'nothing'} -> good"

    def apply(self) -> str:
        return self.act

    def check(self, host: Host) -> str | None:
        return None


GOOD = Fragment()
LOST = Unknown("its reply breaks off")


@pytest.mark.parametrize(
    ("fragment", "answer"),
    [
        ("echo one", Answered("one")),
        ("printf one", Answered("one")),
        ("printf 'one\\n\\n\\n'", Answered("one")),
        ("printf 'one\\ntwo\\nthree\\n'", Unknown("another program's output is in its reply: two")),
        ("echo '  spaces  around  '", Answered("spaces  around")),
        ("echo", Absent()),
        (":", Absent()),
        ("false", Unknown("exit status 1")),
        ("no-such-program", Unknown("exit status 127")),
        ("u_need no-such-program", Unknown("no-such-program is not installed")),
        ("u_ask 10 no-such-program x", Unknown("no-such-program is not installed")),
        ("u_ask 10 printf '%s\\n%s\\n' one two", Answered("one two")),
        ("u_ask 10 sh -c 'echo hidden; echo first >&2; echo last >&2; exit 3'", Unknown("sh: last")),
        ("cat /no/such/file", Unknown("exit status 1")),
        ("echo hidden >&2", Absent()),
        ("( exit 3 )", Unknown("exit status 3")),
        ("sh -c 'kill -9 $$'", Unknown("exit status 137")),
        ("printf half; sh -c 'kill -9 $$'", Unknown("exit status 137")),
        ("cat", Absent()),
        ("echo '@7 echoed'", Answered("@7 echoed")),
        ("echo 'ünï ☃'", Answered("ünï ☃")),
        ("cat <<'UNDERLAY_END'\nfrom here\nUNDERLAY_END", Answered("from here")),
        ("u_fragment", Answered("good")),
    ],
)
def test_an_odd_answer_shifts_no_other(shell: Shell, fragment: str, answer: Answer) -> None:
    odd, good = Fragment(fragment), Answered("good")
    assert shell.ask(GOOD, odd, GOOD, odd, GOOD) == [good, answer, good, answer, good]


def test_stars_in_an_answer_are_not_file_names(shell: Shell) -> None:
    assert shell.observe(Fragment("v='/* x'; echo $v")) == ["/* x"]


def test_a_fragment_that_ends_the_shell_leaves_the_answers_before_it(shell: Shell) -> None:
    assert shell.ask(GOOD, Fragment("exit 3"), GOOD) == [Answered("good"), LOST, LOST]


def test_functions_of_a_kind_are_sent_once() -> None:
    assert observe_script([GOOD, GOOD, GOOD]).count("u_fragment()") == 1
    assert apply_script([GOOD, GOOD]).count("u_fragment()") == 1


def test_asking_nothing_is_no_error(shell: Shell) -> None:
    assert shell.observe() == []
    outcome = shell.apply()
    assert (outcome.failed, outcome.unmet) == (None, ())


@pytest.mark.parametrize(
    "output",
    [
        [],
        [""],
        ["motd"],
        ["@", "@x y", "@99 y", "@99=0", "@99999999999999999999 y", "@-1 y", " @0 y", "@0=0 "],
        ["@0 y"],
        ["@0 y", "@1=0"],
        ["@0 y", "@1 z", "@0=0 "],
    ],
)
def test_what_has_no_end_is_no_answer(output: list[str]) -> None:
    assert read_observations([GOOD, GOOD], output) == [LOST, LOST]


def test_answers_are_found_among_other_lines() -> None:
    output = ["Welcome!", "@1 b", "", "@1=0 ", "noise", "@0 a\r", "\r", "@0=0 \r", "bye"]
    assert read_observations([GOOD, GOOD], output) == [Answered("a"), Answered("b")]


def test_an_answer_in_which_another_program_speaks_is_none() -> None:
    spoiled = Unknown("another program's output is in its reply: You have mail")
    assert read_observations([GOOD], ["@0 a", "You have mail", "@0=0 "]) == [spoiled]


def test_of_two_answers_to_one_question_neither_counts() -> None:
    output = ["@0 a", "@0=0 ", "@0 b", "@0=0 ", "@0 b", "@0=0 "]
    assert read_observations([GOOD], output) == [Unknown("it answered twice")]


def test_a_line_left_open_by_the_login_is_no_part_of_the_first_answer(shell: Shell) -> None:
    title = "printf '\\033]0;%s\\007' title\n"
    ran = shell.run(title + observe_script([GOOD]), stdin=False)
    assert read_observations([GOOD], ran.stdout.split("\n")) == [Answered("good")]


def test_applies_in_order_and_stops_at_the_first_failure(shell: Shell, tmp_path: Path) -> None:
    log = tmp_path / "log"
    one, two, three = (
        Fragment(act=f"echo {n} >>{log}" + ("; echo no space left >&2; false" if n == 2 else ""), label=str(n))
        for n in (1, 2, 3)
    )
    outcome, err = shell.apply_and_tell(one, two, three)
    assert (outcome.failed, outcome.unmet, err) == (two, (), "no space left\n")
    assert log.read_text() == "1\n2\n"


@pytest.mark.parametrize(
    "act",
    [
        "false\ntrue",
        "exit 7",
        "no-such-program",
        'echo "$no_such_variable"',
        "sh -c 'kill -9 $$'",
        "x=$(false)",
        "cd /no/such/directory\ntrue",
    ],
)
def test_any_way_to_fail_is_a_failure(shell: Shell, act: str) -> None:
    broken = Fragment(act=act, label="broken")
    assert shell.apply(GOOD, broken, Fragment(label="after")).failed == broken


def test_what_a_resource_sets_is_not_observed_by_the_next(shell: Shell) -> None:
    loud = Fragment(act="x=1; set +e; cd /; umask 000; trap 'echo bye' EXIT")
    quiet = Fragment(act='[ -z "${x:-}" ]; [ "$(pwd)" = / ] && exit 1; [ "$(umask)" != 0000 ]')
    assert shell.apply(loud, quiet).failed is None


def test_a_command_that_reads_its_input_does_not_swallow_the_rest(shell: Shell) -> None:
    greedy = Fragment(act="cat >/dev/null", label="greedy")
    after = Fragment(act="echo '" + "x" * 20_000 + "' >/dev/null", label="after")
    outcome = shell.apply(greedy, after, Fragment("cat; echo good"), GOOD)
    assert (outcome.failed, outcome.unmet) == (None, ())


def test_observes_again_and_reports_what_is_still_not_so(shell: Shell, tmp_path: Path) -> None:
    good = File(str(tmp_path / "f"), "x\n", owner=OWNER)
    stubborn = Fragment("echo bad", label="stubborn")
    silent = Fragment(":", label="silent")
    outcome = shell.apply(good, stubborn, silent)
    assert outcome.failed is None
    assert outcome.unmet == ("fragment stubborn: bad -> good", "fragment silent: nothing -> good")


def test_output_of_what_is_applied_is_not_taken_for_an_answer(shell: Shell) -> None:
    noisy = Fragment("echo good", act="echo '@0 bad'; printf 'no newline'", label="noisy")
    assert shell.apply(noisy, GOOD).unmet == ()


def test_a_script_that_was_cut_off_names_what_was_being_done() -> None:
    outcome = read_outcome([GOOD, Fragment(label="b")], ["noise", "@done 0"])
    assert outcome.failed == Fragment(label="b")


def test_a_connection_lost_before_anything_was_done_names_the_first() -> None:
    assert read_outcome([GOOD], []).failed == GOOD
