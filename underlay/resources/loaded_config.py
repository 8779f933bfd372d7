"""A daemon that still runs by what it loaded from its file: nobody has typed into it since."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from shlex import quote

from .resource import Host, Resource

DIRECTORY = "/run/underlay/loaded"


@dataclass(frozen=True)
class Loaded(Resource):
    """`show` is a command that prints the running configuration, the same text as long as nobody changes it.

    The sum of that text is left below /run by whoever loads the file (a start, a reload), once it is loaded whole;
    see `noted`. Where none was left nothing can be told, and nothing is.
    """

    unit: str
    show: str

    kind = "running configuration"
    prelude = """\
u_loaded() {
  u_running=$(timeout 20 sh -c "$2") || u_running=
  if [ -z "$u_running" ]; then echo silent
  elif [ ! -e "$1" ]; then echo unknown
  elif [ "$(cat "$1")" = "$(printf '%s\\n' "$u_running" | sha256sum | cut -c1-16)" ]; then echo loaded
  else echo changed; fi
}"""

    @property
    def name(self) -> str:
        return self.unit

    @property
    def stamp(self) -> str:
        """Where the sum is left."""
        return f"{DIRECTORY}/{self.unit}"

    def noted(self) -> str:
        """Shell that leaves the sum of what runs now."""
        return (
            f"mkdir -p {DIRECTORY}\n"
            f'running=$({self.show}) && [ -n "$running" ] &&\n'
            f"  printf '%s\\n' \"$running\" | sha256sum | cut -c1-16 >{self.stamp}.new &&\n"
            f"  mv -f {self.stamp}.new {self.stamp}"
        )

    def observe(self) -> str:
        return f"u_loaded {quote(self.stamp)} {quote(self.show)}"

    def difference(self, seen: str) -> str | None:
        return "changed by hand since it was loaded -> as its file says" if seen == "changed" else None

    def apply(self) -> str:
        unmended = quote(f"{self.unit}: a reload did not bring it back to its file; what differs stands in its log")
        return (
            f'[ "$({self.observe()})" = changed ] || exit 0\n'
            f"systemctl reload {quote(self.unit)}\n"
            f"[ -e {quote(self.stamp)} ] || {{ echo {unmended} >&2; exit 1; }}"
        )

    def remove(self) -> str:
        return f"rm -f {quote(self.stamp)}"

    def check(self, host: Host) -> str | None:
        noted, running = host.run("cat %s", self.stamp), host.run(self.show)
        if noted.rc or running.rc:
            return None
        text = running.stdout.rstrip("\n") + "\n"
        same = noted.stdout.strip() == hashlib.sha256(text.encode()).hexdigest()[:16]
        return None if same else f"{self.unit} does not run by its file: somebody has changed it since it was loaded"
