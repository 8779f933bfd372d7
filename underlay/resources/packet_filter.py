"""A firewall of kernel chains: Underlay's rules stand next to its owner's, and a small unit restores them.

The owner's rules are unchanged but for a jump to Underlay's chain at the head of each chain that drops what nothing
accepts: an accept elsewhere does not overrule a drop. The jump carries a tag, the digest of Underlay's rules.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from underlay.templates import render

from .file import place, written
from .firewall import Pass
from .resource import Resource

_SHARED = """\
u_firewall() {
  u_chains=$(u_$1_chains) || { u_why="$1: the rules could not be listed"; return 1; }
  chains=$(printf '%s\\n' "$u_chains" | grep -v '^$' | grep -Ev "$3")
  u_boots=
  [ -n "$chains" ] || { u_boots=$(u_$1_at_boot); [ -n "$u_boots" ] || { echo none; return; }; }
  closed=$(printf '%s\\n' "$chains" | grep -v " $2\\$" | sed 's/  .*//' | paste -sd, -)
  if [ -n "$closed" ]; then echo "closed: $closed"
  elif grep -qx "tag=$2" "/usr/local/lib/underlay/$1" && systemctl is-active -q "underlay-$1" &&
    systemctl is-enabled -q "underlay-$1"; then echo "current $2"
  elif [ -n "$u_boots" ]; then echo "stopped: $u_boots"
  else echo unmaintained; fi
}"""

# systemd passes a reload of the firewall on to the unit; any other loss of the rules is found within seconds.
_ACTIONS = """\
look() { chains=$(u_${filter}_chains | grep -Ev "$others"); }
open() {
  mkdir -p /run/underlay; exec 9>"/run/underlay/$filter.lock"; flock 9
  look
  case "$(printf '%s\\n' "$chains" | grep -v " $tag\\$")" in ?*) u_${filter}_open; look;; esac
  exec 9>&-
}
stands() { printf '%s\\n' "$chains" | while read -r chain; do u_${filter}_stands $chain || exit 1; done; }
case $1 in
  open) open;;
  keep) while :; do open; sleep 5; while [ -n "$chains" ] && stands; do sleep 5; done; done;;
esac
"""


@dataclass(frozen=True)
class PacketFilter(Resource):
    """What the kinds share.

    Their shell functions are `u_NAME_chains` (a line for each chain that drops; its last word is the tag of Underlay's
    jump in it, or -), `u_NAME_at_boot` (the unit that will load such chains), `u_NAME_open` (reads lines in $chains),
    `u_NAME_stands` and `u_NAME_close`.
    """

    passes: tuple[Pass, ...]

    kind = "firewall"
    restorable = True
    filter: ClassVar[str]
    after: ClassVar[tuple[str, ...]]
    functions: ClassVar[str]

    @classmethod
    def with_shared(cls, functions: str) -> str:
        return f"{_SHARED}\n{functions}"

    @abstractmethod
    def rules(self) -> str:
        """The rules as the shell function `u_rules`, which `u_NAME_open` calls."""

    @property
    def name(self) -> str:
        return self.filter

    @property
    def tag(self) -> str:
        return hashlib.sha256(self.rules().encode()).hexdigest()[:12]

    @property
    def _program(self) -> str:
        return f"/usr/local/lib/underlay/{self.filter}"

    @property
    def unit(self) -> str:
        return f"underlay-{self.filter}.service"

    @property
    def _others(self) -> str:
        """A pattern of the chains that no packet of the cluster passes: those of the other IP version."""
        versions = {p.family for p in self.passes}
        return "^ip6" if versions == {4} else "^ip(tables)? " if versions == {6} else "^$"

    def observe(self) -> str:
        return f"u_firewall {self.filter} {self.tag} '{self._others}'"

    def difference(self, observed: str) -> str | None:
        if observed in ("none", f"current {self.tag}"):
            return None
        if observed.startswith("closed: "):
            chains = observed.removeprefix("closed: ").split(",")
            return f"{', '.join(chains)}: closed -> open to the cluster"
        if observed.startswith("stopped: "):
            owner = observed.removeprefix("stopped: ")
            return f"{owner} is enabled and closes it at the next boot -> open to the cluster"
        return f"{observed or 'unknown'} -> maintained by {self.unit}"

    def apply(self) -> str:
        text = "\n".join(
            (
                "#!/bin/sh",
                "# Written by Underlay; changes are overwritten.",
                f"tag={self.tag}",
                f"filter={self.filter}",
                f"others='{self._others}'",
                self.functions,
                self.rules(),
                _ACTIONS,
            )
        )
        unit = f"/etc/systemd/system/{self.unit}"
        return f"""\
(
{place(written(text), self._program, mode="755")}
)
(
{place(written(self._unit_text()), unit, mode="644")}
)
{self._program} open
systemctl daemon-reload; systemctl -q enable {self.unit}; systemctl restart {self.unit}"""

    def _unit_text(self) -> str:
        owners = " ".join(self.after)
        return render("units/packet-filter.service", filter=self.filter, owners=owners, program=self._program)

    def remove(self) -> str:
        unit = f"/etc/systemd/system/{self.unit}"
        return f"""\
if [ -e {unit} ]; then systemctl -q disable --now {self.unit}; rm -f {unit}; systemctl daemon-reload; fi
{self.functions}
u_{self.filter}_close
rm -f {self._program} /run/underlay/{self.filter}.lock
rmdir --ignore-fail-on-non-empty /usr/local/lib/underlay 2>/dev/null || true"""

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        return cls(()).remove()
