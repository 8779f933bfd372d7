"""A kernel limit with a minimum; a host may set it higher."""

from __future__ import annotations

from dataclasses import dataclass

from .resource import Host, Resource
from .sysctl import Sysctl


@dataclass(frozen=True)
class SysctlFloor(Resource):
    """`key` in dotted form, of a setting that is one number. Its file is sysctl.PERSISTED_EARLY."""

    key: str
    minimum: int

    kind = "sysctl"
    prelude = Sysctl.prelude
    restorable = True

    @property
    def name(self) -> str:
        return self.key

    def _exactly(self) -> Sysctl:
        return Sysctl(self.key, str(self.minimum))

    @property
    def line(self) -> str:
        return f"{self.key} = {self.minimum}"

    def observe(self) -> str:
        return self._exactly().observe()

    def difference(self, observed: str) -> str | None:
        return (
            None
            if observed.isdigit() and int(observed) >= self.minimum
            else f"{observed or 'unreadable'} -> {self.minimum}"
        )

    def apply(self) -> str:
        return self._exactly().apply()

    def check(self, host: Host) -> str | None:
        value = host.run("sysctl -n %s", self.key).stdout.strip()
        enough = value.isdigit() and int(value) >= self.minimum
        return None if enough else f"{self.key}: {value or 'unreadable'}, expected at least {self.minimum}"
