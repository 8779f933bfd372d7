"""Many resources, one script: a host is observed, and changed, in one round trip each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .resource import Question, Resource

# For fragments whose kind gathers: u_found is the rest of the line of "$1" that begins with "$2"; starts no process.
_LOOK_UP = """\
u_nl='
'
u_line() {
  u_found=${1#*"$u_nl$2"}
  if [ "$u_found" = "$1" ]; then u_found=; return 1; fi
  u_found=${u_found%%"$u_nl"*}
}"""
_MARK = re.compile(r"^@(\d+) ?(.*)$")


def observe_script(questions: Sequence[Question]) -> str:
    """Shell that prints one marked line for each question, in order; see `read_observations`."""
    return "\n".join(["exec </dev/null 2>/dev/null; set -f", *_preludes(questions), *_questions(questions)])


def apply_script(resources: Sequence[Resource]) -> str:
    """Shell that applies the resources in order, stops at the first that fails, then observes them again.

    It prints `@done N` after each, and in the end the lines that `read_observations` reads. The script comes through
    standard input: nothing in it may read that.
    """
    lines = ["set -u", *_preludes(resources)]
    for number, resource in enumerate(resources):
        lines += ["(", "set -eu", resource.apply(), ") </dev/null", f"[ $? = 0 ] || exit 1; echo @done {number}"]
    return "\n".join([*lines, "exec 2>/dev/null; set -f", "{ :", *_questions(resources), "} </dev/null", ""])


def read_observations(questions: Sequence[Question], output: Iterable[str]) -> list[str]:
    """The observed line of each question; empty for one that printed nothing."""
    observed = [""] * len(questions)
    for line in output:
        if (found := _MARK.match(line)) and int(found[1]) < len(observed):
            observed[int(found[1])] = found[2].strip()
    return observed


@dataclass(frozen=True)
class Outcome:
    """The result of an `apply_script`: `failed` is the resource it stopped at, `unmet` the differences that remain."""

    failed: Resource | None
    unmet: tuple[str, ...]


def read_outcome(resources: Sequence[Resource], output: Sequence[str]) -> Outcome:
    """The outcome in the output of an `apply_script` of these resources."""
    done = sum(line.startswith("@done ") for line in output)
    if done < len(resources):
        return Outcome(resources[done], ())
    pairs = zip(resources, read_observations(resources, output), strict=True)
    return Outcome(None, tuple(s for r, observed in pairs if (s := r.sentence(observed))))


def _preludes(questions: Sequence[Question]) -> list[str]:
    return [_LOOK_UP, *dict.fromkeys(q.prelude for q in questions if q.prelude)]


def _questions(questions: Sequence[Question]) -> list[str]:
    # The leading echo ends a line that a fragment may have left open.
    return [*_gathered(questions), *(f"printf '@{n} '; {q.observe()}\necho" for n, q in enumerate(questions))]


def _gathered(questions: Sequence[Question]) -> Iterator[str]:
    """The queries of whole kinds, ahead of their single fragments."""
    kinds: dict[type[Resource], list[Resource]] = {}
    for question in questions:
        if isinstance(question, Resource):
            kinds.setdefault(type(question), []).append(question)
    return (text for kind, resources in kinds.items() if (text := kind.gather(resources)))
