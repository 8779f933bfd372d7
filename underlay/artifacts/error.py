"""Says what is wrong with an artifact in the one form every message of this project has."""

from __future__ import annotations


class ArtifactError(Exception):
    """`<where>: <what is wrong> (<what it is>); <remedy or choices>`, on one line."""

    def __init__(self, where: str, wrong: str, *, found: str = "", remedy: str = "") -> None:
        text = f"{where}: {wrong}"
        if found:
            text += f" ({found})"
        if remedy:
            text += f"; {remedy}"
        super().__init__(text)
