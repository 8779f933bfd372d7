"""The error of everything about artifacts, in the form that all messages of this project have."""

from __future__ import annotations

from collections.abc import Sequence


class ArtifactError(Exception):
    """`<where>: <what is wrong> (<what it is>); <remedy>`, on one line."""

    def __init__(self, where: str, wrong: str, *, found: str = "", remedy: str = "") -> None:
        text = f"{where}: {wrong}"
        if found:
            text += f" ({found})"
        if remedy:
            text += f"; {remedy}"
        super().__init__(text)


class ArtifactErrors(Exception):
    """Several at once: `problems` are lines of the same form."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))
