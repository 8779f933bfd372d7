"""A named question to a node, and what its answer has to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """`command` is shell, run on `node`; `judge` gets its standard output and tells what is wrong, or None.

    A command that exits other than 0 is a failure before any judgement. `look` says where to look first when it fails.
    """

    name: str
    node: str
    command: str
    judge: Callable[[str], str | None]
    look: str = ""
