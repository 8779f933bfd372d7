"""What a host says to a question: a line, that nothing is there, or nothing that could be relied on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answered:
    """The line that the host printed; never empty."""

    line: str


@dataclass(frozen=True)
class Absent:
    """The host has looked, and nothing is there."""


@dataclass(frozen=True)
class Unknown:
    """The question was not answered: `reason` is what stood in the way. It says nothing about what is there."""

    reason: str


Answer = Answered | Absent | Unknown


class UnansweredError(Exception):
    """Something was about to rely on an answer that a host has not given."""


def line_of(answer: Answer) -> str:
    """The line of an answer, empty where nothing is there.

    :raises UnansweredError: when there is no answer.
    """
    match answer:
        case Answered(line):
            return line
        case Absent():
            return ""
        case Unknown(reason):
            raise UnansweredError(reason)
