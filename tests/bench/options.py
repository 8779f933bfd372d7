"""What the command line sets for every figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`keep` leaves the bench's own hosts up, for the next run while developing; `hosts` are the light ones."""

    runs: int = 3
    hosts: int = 20
    keep: bool = False
