"""Many resources, one script: a host is observed, and changed, in one round trip each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .answer import Absent, Answer, Answered, Unknown, line_of
from .overdue import FUNCTIONS, SECONDS, late, watched
from .resource import Question, Resource

# u_line is for fragments whose kind gathers: u_found is the rest of the line of "$1" that begins with "$2"; it starts
# no process. u_ask prints in one line what a command prints within $1 seconds; where the command fails, so does u_ask,
# and u_why is the reason. What has hung once is not asked again.
_SHARED = f"""\
{FUNCTIONS}
u_hung=
u_nl='
'
u_why=
u_line() {{
  u_found=${{1#*"$u_nl$2"}}
  if [ "$u_found" = "$1" ]; then u_found=; return 1; fi
  u_found=${{u_found%%"$u_nl"*}}
}}
u_need() {{ command -v "$1" >/dev/null || {{ u_why="$1 is not installed"; return 127; }}; }}
u_ask() {{
  u_limit=$1; shift
  u_need "$1" || return
  case " $u_hung " in *" $1 "*) u_why="$1 gave no answer before"; return 124 ;; esac
  u_out=$(timeout "$u_limit" "$@") && {{ printf '%s' "$u_out" | tr '\\n' ' '; return 0; }}
  u_status=$?
  if [ "$u_status" = 124 ]; then u_why="$1 gave no answer within $u_limit s"; u_hung="$u_hung $1"
  else
    u_why=$(timeout "$u_limit" "$@" 2>&1 >/dev/null | tail -n 1); u_why="$1: ${{u_why:-exit status $u_status}}"
  fi
  return "$u_status"
}}
u_end() {{ printf '\\n@%s=%s %s\\n' "$1" "$2" "$u_why"; u_why=; }}"""
_BEGIN = re.compile(r"@([0-9]+) (.*)")
_END = re.compile(r"@([0-9]+)=([0-9]+) ?(.*)")
BROKEN_OFF = "its reply breaks off"
_REASON_LENGTH = 240


def observe_script(questions: Sequence[Question], *, seconds: float = SECONDS) -> str:
    """Shell that prints the answer to each question between two marks, in order; see `read_observations`.

    :param seconds: what each program is given.
    """
    # The echo ends a line that the login's own start-up files may have left open.
    lines = watched(_questions(questions), seconds=seconds)
    return "\n".join(["exec </dev/null 2>/dev/null; set -f; echo", *_preludes(questions), *lines])


def apply_script(resources: Sequence[Resource]) -> str:
    """Shell that applies the resources in order, stops at the first that fails, then observes them again.

    It prints `@done N` after each, and in the end the lines that `read_observations` reads. The script comes through
    standard input: nothing in it may read that.
    """
    lines = ["set -u", *_preludes(resources)]
    for number, resource in enumerate(resources):
        lines += ["(", "set -eu", resource.apply(), ") </dev/null", f"[ $? = 0 ] || exit 1; echo @done {number}"]
    return "\n".join([*lines, "exec 2>/dev/null; set -f", "{ :", *watched(_questions(resources)), "} </dev/null", ""])


def read_observations(questions: Sequence[Question], output: Iterable[str], *, lost: str = BROKEN_OFF) -> list[Answer]:
    """The answer to each question. Lines that stand between answers are passed over; one inside an answer spoils it.

    :param lost: why a question has no complete answer.
    """
    found: dict[int, Answer] = {}
    number, lines, overdue = -1, [""], None
    for line in output:
        if reason := late(line.strip("\r")):
            overdue = overdue or reason
        elif begin := _BEGIN.fullmatch(line.strip("\r")):
            number, lines, overdue = int(begin[1]), [begin[2]], None
        elif end := _END.fullmatch(line.strip("\r")):
            if int(end[1]) == number:
                answer = Unknown(overdue) if overdue else _answer(lines, status=int(end[2]), reason=end[3].strip())
                found[number] = answer if found.get(number, answer) == answer else Unknown("it answered twice")
            number = -1
        elif line.strip():
            lines.append(line.strip())
    return [found.get(n, Unknown(lost)) for n in range(len(questions))]


def _answer(lines: Sequence[str], *, status: int, reason: str) -> Answer:
    line, *foreign = lines
    if status:
        return Unknown(reason[:_REASON_LENGTH] or f"exit status {status}")
    if foreign:
        return Unknown(f"another program's output is in its reply: {foreign[0][:_REASON_LENGTH]}")
    return Answered(line.strip()) if line.strip() else Absent()


@dataclass(frozen=True)
class Outcome:
    """The result of an `apply_script`: `failed` is the resource it stopped at, `unmet` the differences that remain, and
    `settling` whether all of these are of resources that others work on."""

    failed: Resource | None
    unmet: tuple[str, ...]
    settling: bool = False


def read_outcome(resources: Sequence[Resource], output: Sequence[str]) -> Outcome:
    """The outcome in the output of an `apply_script` of these resources."""
    done = sum(line.startswith("@done ") for line in output)
    if done < len(resources):
        return Outcome(resources[done], ())
    pairs = zip(resources, read_observations(resources, output), strict=True)
    unmet = [(r, s) for r, answer in pairs if (s := sentence(r, answer))]
    return Outcome(None, tuple(s for _, s in unmet), settling=bool(unmet) and all(r.settles for r, _ in unmet))


def sentence(resource: Resource, answer: Answer) -> str | None:
    """What an apply would change, or that nobody knows; None when the host is as declared."""
    if isinstance(answer, Unknown):
        return f"{resource.title}: unknown ({answer.reason})"
    return resource.sentence(line_of(answer))


def _preludes(questions: Sequence[Question]) -> list[str]:
    return [_SHARED, *dict.fromkeys(q.prelude for q in questions if q.prelude)]


def _questions(questions: Sequence[Question]) -> list[str]:
    return [*_gathered(questions), *(f"printf '@{n} '; {q.observe()}\nu_end {n} $?" for n, q in enumerate(questions))]


def _gathered(questions: Sequence[Question]) -> Iterator[str]:
    """The queries of whole kinds, ahead of their single fragments."""
    kinds: dict[type[Resource], list[Resource]] = {}
    for question in questions:
        if isinstance(question, Resource):
            kinds.setdefault(type(question), []).append(question)
    return (text for kind, resources in kinds.items() if (text := kind.gather(resources)))
