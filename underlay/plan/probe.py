"""A query of preflight to a host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from underlay.resources.answer import Absent, Answer, Answered, Unknown


@dataclass(frozen=True)
class Probe:
    """A query to a host: shell that prints one line, and ends with another status than 0 where it could not look.

    `about` says what is asked, after "could not be asked"; `form` says whether a line can be an answer, and `may_lack`
    whether nothing can be one. `as_root` is for what another login is told wrongly, or not at all.
    """

    name: str
    command: str
    about: str
    form: Callable[[str], bool]
    prelude: str = ""
    may_lack: bool = False
    as_root: bool = False

    def observe(self) -> str:
        return self.command

    def read(self, answer: Answer) -> Answer:
        """The answer, or Unknown where it makes no sense."""
        match answer:
            case Answered(line) if not self.form(line):
                return Unknown(f"its answer makes no sense: {line[:60]}")
            case Absent() if not self.may_lack:
                return Unknown("its answer is empty")
        return answer
