"""The clocks of hosts, asked side by side over the connections that the checks use."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from underlay.plan.clocks import QUESTION, SECONDS, Offset, apart

# An answer within a second tells enough; what comes later, as the first over a new connection may, is asked for again.
QUICK, TRIES = 1.0, 3


@dataclass(frozen=True)
class Clocks:
    """How far each host's clock is ahead of ours, or `trouble`: why one did not tell."""

    offsets: Mapping[str, Offset]
    trouble: Mapping[str, str] = field(default_factory=dict)

    def problem(self, name: str) -> str | None:
        """What is wrong with a host's clock; None where nothing is known to be."""
        return self.trouble.get(name) or apart(self.offsets).get(name)

    def doubt(self, name: str) -> str | None:
        """Why a host's clock may be wrong without being seen to be."""
        late = self.offsets[name].doubt
        return f"it answered after {late:.0f} s, and nothing can be said of its clock" if late > SECONDS else None


def read(host: Callable[[str], Any], names: Sequence[str]) -> Clocks:
    """Ask all hosts; `host` gives the shell on one."""
    offsets, trouble = {}, {}
    with ThreadPoolExecutor(max_workers=16) as pool:
        for name, job in [(name, pool.submit(_offset, host, name)) for name in names]:
            try:
                offsets[name] = job.result()
            except AssertionError as error:
                trouble[name] = str(error).partition("\n")[0]
    return Clocks(offsets, trouble)


def _offset(host: Callable[[str], Any], name: str) -> Offset:
    seen = [_once(host(name))]
    while min(o.doubt for o in seen) > QUICK and len(seen) < TRIES:
        seen.append(_once(host(name)))
    return min(seen, key=lambda o: o.doubt)


def _once(shell: Any) -> Offset:
    asked = time.monotonic()
    told = shell.run(QUESTION).stdout.strip()
    answered = time.monotonic()
    try:
        return Offset.of(float(told), asked=asked, answered=answered)
    except ValueError:
        raise AssertionError(f"its clock says {told[:40] or 'nothing'}") from None
