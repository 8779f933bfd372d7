"""The search for the largest packet that passes to one peer: the whole size first, and few more where it does not."""

from __future__ import annotations

SMALLEST = 576
# Where paths end as a rule: PPPoE, tunnels of all kinds, clouds. Between two of them the search halves.
PLATEAUS = (9000, 8900, 4352, 1500, 1492, 1480, 1460, 1450, 1400, 1280)
AGAIN = (0.0, 0.25, 0.6)
PATIENCE = 1.1
ROUND, TWICE = 0.5, (0.0, 0.2)
_AT_ONCE = 4


class PathMtuSearch:
    """Feed it answers and errors; it says what to send when. Sizes are whole IP packets in bytes, times in seconds.

    `largest` is 0 until something passed. `told` is the MTU that a router on the way named, 0 for none.
    """

    def __init__(self, ceiling: int) -> None:
        self.largest = 0
        self.told = 0
        self.done = False
        self._too_large = ceiling + 1
        self._tried: list[int] = []
        self._planned: list[tuple[float, int]] = []
        self._until = 0.0
        self._send([ceiling], AGAIN, 0.0, PATIENCE)

    def due(self, now: float) -> list[int]:
        """Sizes to send now."""
        if not self.done and now >= self._until:
            self._next(now)
        if self.done:
            return []
        ready = [size for when, size in self._planned if when <= now]
        self._planned = [(when, size) for when, size in self._planned if when > now]
        return [size for size in ready if size > self.largest]

    def wake(self) -> float:
        """When `due` has something to say again."""
        return min([self._until, *(when for when, _ in self._planned)])

    def passed(self, size: int) -> None:
        self.largest = max(self.largest, size)
        self.done = self.largest >= self._too_large - 1

    def limited(self, mtu: int, now: float) -> None:
        """A router says that no more than `mtu` bytes pass."""
        if self.done or not SMALLEST <= mtu < self._too_large - 1:
            return
        self.told = mtu
        self._too_large = mtu + 1
        if self.largest >= mtu:
            self.done = True
        else:
            self._tried = []
            self._send([mtu], AGAIN, now, PATIENCE)

    def _next(self, now: float) -> None:
        """Nothing more is to be expected of what was sent: try sizes between what passed and what did not."""
        if self._tried:
            self._too_large = min([self._too_large, *(s for s in self._tried if s > self.largest)])
        self.done = self._too_large - self.largest <= 1 or (bool(self._tried) and not self.largest)
        if not self.done:
            self._tried = self._between()
            self._send(self._tried, TWICE, now, ROUND)

    def _send(self, sizes: list[int], after: tuple[float, ...], now: float, patience: float) -> None:
        self._planned = [(now + wait, size) for wait in after for size in sizes]
        self._until = now + patience

    def _between(self) -> list[int]:
        if not self.largest:
            return [SMALLEST, *(p for p in reversed(PLATEAUS) if SMALLEST < p < self._too_large)]
        step = max(1, (self._too_large - self.largest) // (_AT_ONCE + 1))
        return [size for i in range(_AT_ONCE) if (size := self.largest + step * (i + 1)) < self._too_large]
