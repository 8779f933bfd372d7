"""Whether the clocks of hosts agree, as far as answers over a network can show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

QUESTION = "date +%s.%N"
# Certificates, tokens and leases tolerate a few seconds.
SECONDS = 5.0


@dataclass(frozen=True)
class Offset:
    """By how many seconds a host's clock is ahead of the controller's: between `least` and `most`."""

    least: float
    most: float

    @classmethod
    def of(cls, clock: float, *, sent: float, received: float) -> Offset:
        """The host read its clock at some moment between the query and its answer (controller time, in seconds)."""
        return cls(clock - received, clock - sent)

    @property
    def uncertainty(self) -> float:
        """The round trip, in seconds."""
        return self.most - self.least

    @property
    def middle(self) -> float:
        return (self.least + self.most) / 2


def apart(offsets: Mapping[str, Offset]) -> dict[str, str]:
    """A sentence for each host whose clock is off the median by more than SECONDS, however late it answered."""
    if not offsets:
        return {}
    # The median of the offsets lies between the medians of their bounds.
    common = Offset(median(o.least for o in offsets.values()), median(o.most for o in offsets.values()))
    return {
        name: f"its clock is {offset.middle - common.middle:+.0f} s off the other hosts'; set up time synchronisation"
        for name, offset in offsets.items()
        if max(offset.least - common.most, common.least - offset.most) > SECONDS
    }
