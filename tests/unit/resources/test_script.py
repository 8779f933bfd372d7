"""Many resources, one script: order, the first failure, and answers that stay with their questions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.local_host import OWNER, Shell
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


@pytest.mark.parametrize(
    ("fragment", "line"),
    [
        ("echo one", "one"),
        ("printf one", "one"),
        ("printf 'one\\n\\n\\n'", "one"),
        ("printf 'one\\ntwo\\nthree\\n'", "one"),
        ("echo '  spaces  around  '", "spaces  around"),
        ("echo", ""),
        (":", ""),
        ("false", ""),
        ("no-such-program", ""),
        ("cat /no/such/file", ""),
        ("echo hidden >&2", ""),
        ("( exit 3 )", ""),
        ("sh -c 'kill -9 $$'", ""),
        ("printf half; sh -c 'kill -9 $$'", "half"),
        ("cat", ""),
        ("echo '@7 echoed'", "@7 echoed"),
        ("echo 'ünï ☃'", "ünï ☃"),
        ("cat <<'UNDERLAY_END'\nfrom here\nUNDERLAY_END", "from here"),
        ("u_fragment", "good"),
    ],
)
def test_an_odd_answer_shifts_no_other(shell: Shell, fragment: str, line: str) -> None:
    odd = Fragment(fragment)
    assert shell.observe(GOOD, odd, GOOD, odd, GOOD) == ["good", line, "good", line, "good"]


def test_stars_in_an_answer_are_not_file_names(shell: Shell) -> None:
    assert shell.observe(Fragment("v='/* x'; echo $v")) == ["/* x"]


def test_a_fragment_that_ends_the_shell_leaves_the_answers_before_it(shell: Shell) -> None:
    assert shell.observe(GOOD, Fragment("exit 3"), GOOD) == ["good", "", ""]


def test_functions_of_a_kind_are_sent_once() -> None:
    assert observe_script([GOOD, GOOD, GOOD]).count("u_fragment()") == 1
    assert apply_script([GOOD, GOOD]).count("u_fragment()") == 1


def test_asking_nothing_is_no_error(shell: Shell) -> None:
    assert shell.observe() == []
    outcome = shell.apply()
    assert (outcome.failed, outcome.unmet) == (None, ())


@pytest.mark.parametrize(
    "output",
    [[], [""], ["motd"], ["@", "@x y", "@99 y", "@99999999999999999999 y", "@-1 y", " @0 y"]],
)
def test_lines_that_are_no_answers_are_passed_over(output: list[str]) -> None:
    assert read_observations([GOOD, GOOD], output) == ["", ""]


def test_answers_are_found_among_other_lines() -> None:
    assert read_observations([GOOD, GOOD], ["Welcome!", "@1 b", "", "noise", "@0 a", "@1"]) == ["a", ""]


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
