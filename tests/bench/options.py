"""What the command line sets for every figure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """`keep` leaves the bench's own hosts up, for the next run while developing; `hosts` are the light ones.

    `checkouts` are others than this one in which all tests ran, e.g. of tools/clean_root.sh.
    """

    runs: int = 3
    hosts: int = 20
    keep: bool = False
    checkouts: tuple[Path, ...] = ()
