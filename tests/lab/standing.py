"""Labs that several files deploy to: each stands until the last test of its group is done."""

from __future__ import annotations

from typing import Any

from .deployed import Deployed


class StandingLabs:
    """A later file finds a cluster as the one before gave it back; its own deploy mends what is not as declared."""

    def __init__(self) -> None:
        self._standing: dict[str, Deployed] = {}

    def lab(self, name: str, *, cluster: dict[str, Any] | None = None, **fields: object) -> Deployed:
        """A lab of that name; one that stands already as it is, any other without hosts yet."""
        if name not in self._standing:
            deployed = Deployed(lab={"name": name, **fields}, cluster=cluster or {})
            deployed.down()
            self._standing[name] = deployed
        return self._standing[name]

    def take_down(self) -> None:
        """Take all of them away."""
        while self._standing:
            _, deployed = self._standing.popitem()
            deployed.down()
