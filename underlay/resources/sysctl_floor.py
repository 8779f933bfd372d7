"""A kernel limit that is high enough; higher is the host's own business."""

from __future__ import annotations

from dataclasses import dataclass

from .resource import Host, Resource
from .sysctl import Sysctl


@dataclass(frozen=True)
class SysctlFloor(Resource):
    """`key` in dotted form, of a setting that is one number. It is kept in sysctl.PERSISTED_EARLY."""

    key: str
    least: int

    kind = "sysctl"
    prelude = Sysctl.prelude

    @property
    def name(self) -> str:
        return self.key

    def _exactly(self) -> Sysctl:
        return Sysctl(self.key, str(self.least))

    @property
    def line(self) -> str:
        return f"{self.key} = {self.least}"

    def observe(self) -> str:
        return self._exactly().observe()

    def difference(self, seen: str) -> str | None:
        return None if seen.isdigit() and int(seen) >= self.least else f"{seen or 'unreadable'} -> {self.least}"

    def apply(self) -> str:
        return self._exactly().apply()

    def check(self, host: Host) -> str | None:
        value = host.run("sysctl -n %s", self.key).stdout.strip()
        enough = value.isdigit() and int(value) >= self.least
        return None if enough else f"{self.key} is {value or 'unreadable'}, below {self.least}"
