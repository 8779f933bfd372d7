"""The error of everything about artifacts, in the form that all messages of this project have."""

from __future__ import annotations


class ArtifactError(Exception):
    """`<where>: <what is wrong> (<what it is>); <remedy>`, on one line."""

    def __init__(self, where: str, wrong: str, *, found: str = "", remedy: str = "") -> None:
        text = f"{where}: {wrong}"
        if found:
            text += f" ({found})"
        if remedy:
            text += f"; {remedy}"
        super().__init__(text)
