"""What a reset would do to one host."""

from __future__ import annotations

from dataclasses import dataclass

from .footprint import Footprint
from .questions import HostState
from .sentences import sentences


@dataclass(frozen=True)
class HostReset:
    """What a reset would do to a host; `state` is None where nothing of ours is there.

    `leaves` is whether it is a node of a cluster that goes on without it, `unrecorded` whether nobody wrote down what
    it was: then what is Kubernetes' goes, and nothing is given back. `others` is whether it is of another cluster.
    `note` is why a host is left as it is.
    """

    host: str
    state: HostState | None
    found: Footprint | None
    problem: str = ""
    leaves: bool = False
    unrecorded: bool = False
    others: bool = False
    note: str = "nothing to reset"

    @property
    def lines(self) -> list[str]:
        """The host, and under it what goes and what it would be again."""
        if self.state is None or self.found is None:
            return [f"{self.host}: {self.problem or self.note}"]
        whose = " ".join(self.state.mark.split()[1:])
        first = [f"it is of another cluster{f' ({whose})' if whose else ''}"] if self.others else []
        first += ["what it was before is not known, and not given back"] if self.unrecorded else []
        return [
            f"{self.host}:",
            *(f"  {line}" for line in first),
            *(f"  {line}" for line in sentences(self.state, self.found, leaves=self.leaves)),
        ]
