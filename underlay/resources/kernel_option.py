"""A build option of the running kernel, which no package and no setting can add."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from .resource import Host, Resource

_WHERE = "/proc/config.gz /boot/config-$(uname -r) /lib/modules/$(uname -r)/config"


@dataclass(frozen=True)
class KernelOption(Resource):
    """`option` without CONFIG_; `known_as` are its names in other versions of Linux.

    A kernel that does not expose its configuration passes: the plugin reports what it misses.
    """

    option: str
    purpose: str = ""
    known_as: tuple[str, ...] = ()

    kind = "kernel option"
    # The first query reads the configuration for all that follow.
    prelude = """\
u_options=
u_option() {
  if [ -z "$u_options" ]; then
    r=$(uname -r)
    if [ -r /proc/config.gz ]; then u_options=$(zcat /proc/config.gz)
    elif [ -r "/boot/config-$r" ]; then u_options=$(cat "/boot/config-$r")
    else u_options=$(cat "/lib/modules/$r/config"); fi
    u_options="
$(printf '%s' "$u_options" | grep -o '^CONFIG_[A-Z0-9_]*=[ym]$' || echo unknown)
"
  fi
  case $u_options in "
unknown
") echo unknown; return;; esac
  for o do
    for v in y m; do case $u_options in *"
CONFIG_$o=$v
"*) echo $v; return;; esac; done
  done
  echo off
}"""

    @property
    def name(self) -> str:
        return self.option

    def observe(self) -> str:
        return f"u_option {' '.join(quote(o) for o in (self.option, *self.known_as))}"

    def difference(self, observed: str) -> str | None:
        return "off -> on" if observed == "off" else None

    def impossible(self, observed: str) -> str | None:
        return self._lacks() if observed == "off" else None

    def apply(self) -> str:
        return f"echo {quote(self._lacks())} >&2; exit 1"

    def _lacks(self) -> str:
        purpose = f", which {self.purpose}" if self.purpose else ""
        return f"this kernel was built without CONFIG_{self.option}{purpose}; boot one that has it"

    def check(self, host: Host) -> str | None:
        names = "|".join((self.option, *self.known_as))
        found = host.run(f"cat {_WHERE} 2>/dev/null | gzip -cdf | grep -E '^(# )?CONFIG_({names})[ =]'")
        lines = found.stdout.splitlines()
        return self._lacks() if lines and not any(line.endswith(("=y", "=m")) for line in lines) else None
