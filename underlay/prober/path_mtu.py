"""The search for the largest packet that passes to one peer: the link's MTU first, then as few others as possible."""

from __future__ import annotations

SMALLEST = 576
# Common path MTUs: PPPoE, tunnels, clouds. Between two of them the search narrows.
PLATEAUS = (9000, 8900, 4352, 1500, 1492, 1480, 1460, 1450, 1400, 1280)
# Seconds: when a single size is sent, and how long it is waited for; the same for several sizes at once.
SINGLE_SENDS, SINGLE_TIMEOUT = (0.0, 0.25, 0.6), 1.1
ROUND_SENDS, ROUND_TIMEOUT = (0.0, 0.2), 0.5
_SIZES_AT_ONCE = 4


class PathMtuSearch:
    """Takes replies and errors, and returns what to send when. Sizes are of IP packets in bytes, times in seconds.

    `largest` is 0 until a packet passed; `reported` is the MTU that a router on the path reported, 0 for none.
    """

    def __init__(self, ceiling: int) -> None:
        self.largest = 0
        self.reported = 0
        self.done = False
        self._too_large = ceiling + 1
        self._tried: list[int] = []
        self._planned: list[tuple[float, int]] = []
        self._deadline = 0.0
        self._send([ceiling], SINGLE_SENDS, 0.0, SINGLE_TIMEOUT)

    def due(self, now: float) -> list[int]:
        """Return the sizes to send now."""
        if not self.done and now >= self._deadline:
            self._next(now)
        if self.done:
            return []
        ready = [size for when, size in self._planned if when <= now]
        self._planned = [(when, size) for when, size in self._planned if when > now]
        return [size for size in ready if size > self.largest]

    def wake(self) -> float:
        """Return when `due` is to be called again."""
        return min([self._deadline, *(when for when, _ in self._planned)])

    def passed(self, size: int) -> None:
        """Note that a packet of `size` bytes arrived."""
        self.largest = max(self.largest, size)
        self.done = self.largest >= self._too_large - 1

    def limited(self, mtu: int, now: float) -> None:
        """Note that a router reports an MTU."""
        if self.done or not SMALLEST <= mtu < self._too_large - 1:
            return
        self.reported = mtu
        self._too_large = mtu + 1
        if self.largest >= mtu:
            self.done = True
        else:
            self._tried = []
            self._send([mtu], SINGLE_SENDS, now, SINGLE_TIMEOUT)

    def _next(self, now: float) -> None:
        """After the timeout of the last sizes, try others between those that passed and those that did not."""
        if self._tried:
            self._too_large = min([self._too_large, *(s for s in self._tried if s > self.largest)])
        self.done = self._too_large - self.largest <= 1 or (bool(self._tried) and not self.largest)
        if not self.done:
            self._tried = self._between()
            self._send(self._tried, ROUND_SENDS, now, ROUND_TIMEOUT)

    def _send(self, sizes: list[int], after: tuple[float, ...], now: float, timeout: float) -> None:
        self._planned = [(now + wait, size) for wait in after for size in sizes]
        self._deadline = now + timeout

    def _between(self) -> list[int]:
        if not self.largest:
            return [SMALLEST, *(p for p in reversed(PLATEAUS) if SMALLEST < p < self._too_large)]
        step = max(1, (self._too_large - self.largest) // (_SIZES_AT_ONCE + 1))
        return [size for i in range(_SIZES_AT_ONCE) if (size := self.largest + step * (i + 1)) < self._too_large]
