"""The clocks of all hosts, read in parallel over the connections that the checks use."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from underlay.plan.clocks import QUESTION, SECONDS, Offset, apart

# An answer within a second is exact enough; a later one, as the first over a new connection may be, is repeated.
QUICK_S, TRIES = 1.0, 3


@dataclass(frozen=True)
class Clocks:
    """How far each host's clock is ahead of ours, or why one could not be read."""

    offsets: Mapping[str, Offset]
    errors: Mapping[str, str] = field(default_factory=dict)

    def problem(self, name: str) -> str | None:
        """What is wrong with a host's clock; None where nothing is known to be wrong."""
        return self.errors.get(name) or apart(self.offsets).get(name)

    def doubt(self, name: str) -> str | None:
        """Why a host's clock may be wrong unnoticed."""
        late = self.offsets[name].uncertainty
        return f"it answered after {late:.0f} s, too late to judge its clock" if late > SECONDS else None


def read(host: Callable[[str], Any], names: Sequence[str]) -> Clocks:
    """Read the clocks of all hosts; `host` gives the shell on one."""
    offsets, errors = {}, {}
    with ThreadPoolExecutor(max_workers=16) as pool:
        for name, job in [(name, pool.submit(_offset, host, name)) for name in names]:
            try:
                offsets[name] = job.result()
            except AssertionError as error:
                errors[name] = str(error).partition("\n")[0]
    return Clocks(offsets, errors)


def _offset(host: Callable[[str], Any], name: str) -> Offset:
    tries = [_once(host(name))]
    while min(o.uncertainty for o in tries) > QUICK_S and len(tries) < TRIES:
        tries.append(_once(host(name)))
    return min(tries, key=lambda o: o.uncertainty)


def _once(shell: Any) -> Offset:
    began = time.monotonic()
    output = shell.run(QUESTION).stdout.strip()
    answered = time.monotonic()
    try:
        return Offset.of(float(output), sent=began, received=answered)
    except ValueError:
        raise AssertionError(f"its clock cannot be read: {output[:40] or 'no output'}") from None
