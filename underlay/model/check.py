"""A named query to a node, and how its output is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# What a verification makes in a cluster, it makes here.
VERIFICATION_NAMESPACE = "underlay-verify"


@dataclass(frozen=True)
class Check:
    """`command` is shell, run on `node`; `judge` gets its standard output and returns what is wrong, or None.

    A command with another exit status than 0 fails without a judgement. `look` says where to look first on a failure.
    """

    name: str
    node: str
    command: str
    judge: Callable[[str], str | None]
    look: str = ""
