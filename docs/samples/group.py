"""A user group that exists."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from .resource import Host, Resource


@dataclass(frozen=True)
class Group(Resource):
    """A system group; the host gives it a number. It stays when the cluster goes: files may belong to it."""

    group: str

    kind = "group"
    prelude = 'u_group() { if getent group "$1" >/dev/null; then echo present; else echo absent; fi; }'

    @property
    def name(self) -> str:
        return self.group

    def observe(self) -> str:
        return f"u_group {quote(self.group)}"

    def difference(self, observed: str) -> str | None:
        return None if observed == "present" else f"{observed or 'unknown'} -> present"

    def apply(self) -> str:
        # An apply that was interrupted runs again, and groupadd fails when the group is there.
        return f"getent group {quote(self.group)} >/dev/null || groupadd --system {quote(self.group)}"

    def check(self, host: Host) -> str | None:
        """By the file itself, where `observe` asks the resolver."""
        known = host.run("cut -d: -f1 /etc/group").stdout.split()
        return None if self.group in known else f"group {self.group}: absent, expected present"
