"""A daemon whose running configuration is what it loaded from its file: nobody has changed it by hand since."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from shlex import quote

from .resource import Host, Resource

DIRECTORY = "/run/underlay/loaded"


@dataclass(frozen=True)
class Loaded(Resource):
    """`show` is a command that prints the running configuration, the same text as long as nobody changes it.

    Whatever loads the file (a start, a reload) stores the checksum of that text below /run once loading is complete;
    see `store_checksum`. Without a stored checksum no drift is reported, and what a daemon at work does not show is
    unknown.
    """

    unit: str
    show: str

    kind = "running configuration"
    prelude = """\
u_loaded() { # STAMP SHOW UNIT
  u_running=$(timeout 20 sh -c "$2") || u_running=
  if [ -z "$u_running" ]; then
    systemctl is-active -q "$3"
    case $? in
      3 | 4) echo stopped; return ;;
      0) u_why="$3 runs and does not show its configuration" ;;
      *) u_why="systemctl does not answer for $3" ;;
    esac
    return 1
  elif [ ! -e "$1" ]; then echo unknown
  elif [ "$(cat "$1")" = "$(printf '%s\\n' "$u_running" | sha256sum | cut -c1-16)" ]; then echo loaded
  else echo changed; fi
}"""

    @property
    def name(self) -> str:
        return self.unit

    @property
    def stamp(self) -> str:
        """Where the checksum is stored."""
        return f"{DIRECTORY}/{self.unit}"

    def store_checksum(self) -> str:
        """Shell that stores the checksum of the configuration that runs now."""
        return (
            f"mkdir -p {DIRECTORY}\n"
            f'running=$({self.show}) && [ -n "$running" ] &&\n'
            f"  printf '%s\\n' \"$running\" | sha256sum | cut -c1-16 >{self.stamp}.new &&\n"
            f"  mv -f {self.stamp}.new {self.stamp}"
        )

    def observe(self) -> str:
        return f"u_loaded {quote(self.stamp)} {quote(self.show)} {quote(self.unit)}"

    def difference(self, observed: str) -> str | None:
        return "changed by hand since it was loaded -> as in its file" if observed == "changed" else None

    def apply(self) -> str:
        unchanged = quote(f"{self.unit}: still differs from its file after a reload; its log has the difference")
        return (
            f'[ "$({self.observe()})" = changed ] || exit 0\n'
            f"systemctl reload {quote(self.unit)}\n"
            f"[ -e {quote(self.stamp)} ] || {{ echo {unchanged} >&2; exit 1; }}"
        )

    def remove(self) -> str:
        return f"rm -f {quote(self.stamp)}"

    def check(self, host: Host) -> str | None:
        stored, running = host.run("cat %s", self.stamp), host.run(self.show)
        if stored.rc:
            return None
        if running.rc:
            return f"{self.unit}: its running configuration could not be asked ({running.stderr.strip()})"
        text = running.stdout.rstrip("\n") + "\n"
        same = stored.stdout.strip() == hashlib.sha256(text.encode()).hexdigest()[:16]
        return None if same else f"{self.unit}: running configuration differs from the loaded file (changed by hand)"
