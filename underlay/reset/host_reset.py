"""What a reset would do to one host."""

from __future__ import annotations

from dataclasses import dataclass

from .footprint import Footprint
from .questions import HostState
from .sentences import sentences


@dataclass(frozen=True)
class HostReset:
    """What a reset would do to a host; `state` is None where nothing of ours is there.

    `leaves` is whether it is a node of a cluster that goes on without it.
    """

    host: str
    state: HostState | None
    found: Footprint | None
    problem: str = ""
    leaves: bool = False

    @property
    def lines(self) -> list[str]:
        """The host, and under it what goes and what it would be again."""
        if self.state is None or self.found is None:
            return [f"{self.host}: {self.problem or 'nothing to reset'}"]
        return [f"{self.host}:", *(f"  {line}" for line in sentences(self.state, self.found, leaves=self.leaves))]
