"""Whether the clocks of hosts agree, as far as somebody knows who asks them over a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

QUESTION = "date +%s.%N"
# Certificates, tokens and leases tolerate a few seconds.
SECONDS = 5.0


@dataclass(frozen=True)
class Offset:
    """By how many seconds a host's clock is ahead of the asker's: somewhere between `least` and `most`."""

    least: float
    most: float

    @classmethod
    def of(cls, clock: float, *, asked: float, answered: float) -> Offset:
        """The host looked at its clock somewhere between the question and the answer."""
        return cls(clock - answered, clock - asked)

    @property
    def doubt(self) -> float:
        """The round trip."""
        return self.most - self.least

    @property
    def middle(self) -> float:
        return (self.least + self.most) / 2


def apart(offsets: Mapping[str, Offset]) -> dict[str, str]:
    """What is told of each host whose clock is off the median by more than SECONDS, however late it answered."""
    if not offsets:
        return {}
    # The median of what is within bounds is within the medians of the bounds.
    common = Offset(median(o.least for o in offsets.values()), median(o.most for o in offsets.values()))
    return {
        name: f"its clock is {offset.middle - common.middle:+.0f} s off the other hosts'; set up time synchronisation"
        for name, offset in offsets.items()
        if max(offset.least - common.most, common.least - offset.most) > SECONDS
    }
