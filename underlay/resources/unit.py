"""A systemd unit that runs, is enabled, and was started after the last change of its files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Self

from .binary import record_of
from .resource import Host, Resource

_ENABLED = ("enabled", "static", "alias", "indirect", "generated")
# States of a unit that somebody has started: one that fails is started again and again.
_STARTED = ("active", "activating")


@dataclass(frozen=True)
class Unit(Resource):
    """`watches` are files whose change requires a restart, `programs` binaries that are watched by their records.

    `running` None leaves the start to others, and restarts what they have started; an `optional` unit is ignored where
    it is inactive; one that `reloads` is reloaded, not restarted.

    A checksum of the files it was last started with is stored below /run, so that the next run completes one that was
    killed between writing a file and the restart.
    """

    unit: str
    running: bool | None = True
    enabled: bool = True
    watches: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    optional: bool = False
    reloads: bool = False

    kind = "unit"
    restorable = True
    prelude = """\
u_stamp() { cat "$@" 2>/dev/null | sha256sum | cut -c1-16; }
u_states=
u_show() {
  case " $u_hung " in *' systemctl '*) u_shown=; return ;; esac
  u_shown=$(timeout 20 systemctl show -p ActiveState,UnitFileState,NeedDaemonReload "$@")
  [ $? != 124 ] || u_hung="$u_hung systemctl"
}
u_all_units() {
  u_show "$@"; u_shown=$u_shown$u_nl$u_nl
  for u do u_states="$u_states$u_nl$u_nl$u$u_nl${u_shown%%"$u_nl$u_nl"*}"; u_shown=${u_shown#*"$u_nl$u_nl"}; done
  u_states="$u_states$u_nl$u_nl"
}
u_unit() {
  unit=$1; shift
  u_state=${u_states#*"$u_nl$u_nl$unit$u_nl"}
  if [ "$u_state" = "$u_states" ]; then u_show "$unit"; u_state=$u_shown; fi
  case $u_state in ActiveState=*) ;; *) u_ask 20 systemctl show -p ActiveState "$unit" >/dev/null || return ;; esac
  printf '%s ' ${u_state%%"$u_nl$u_nl"*}
  if [ $# = 0 ]; then echo Loaded=current; return; fi
  if [ -e "/run/underlay/started/$unit" ]; then
    if [ "$(cat "/run/underlay/started/$unit")" = "$(u_stamp "$@")" ]; then echo Loaded=current
    else echo Loaded=stale; fi
  else
    since=$(systemctl show -p ActiveEnterTimestamp --timestamp=unix --value "$unit")
    since=${since#@}
    for f do [ "$(stat -c %Y "$f" || echo 0)" -le "${since:-0}" ] || { echo Loaded=stale; return; }; done
    echo Loaded=current
  fi
}"""

    @property
    def name(self) -> str:
        return self.unit

    @classmethod
    def gather(cls, resources: Sequence[Self]) -> str:
        return f"u_all_units {' '.join(dict.fromkeys(quote(u.unit) for u in resources))}"

    def _watched(self) -> str:
        return " ".join(quote(path) for path in (*self.watches, *map(record_of, self.programs)))

    def observe(self) -> str:
        return f"u_unit {quote(self.unit)} {self._watched()}"

    def difference(self, observed: str) -> str | None:
        state = self.fields(observed)
        active = state.get("ActiveState", "unknown")
        if self.optional and active != "active":
            return None
        enabled = state.get("UnitFileState") in _ENABLED
        stale = state.get("Loaded") == "stale" or state.get("NeedDaemonReload") == "yes"
        parts = []
        if self.enabled != enabled:
            parts.append("disabled -> enabled" if self.enabled else "enabled -> disabled")
        if self.running is not None and self.running != (active == "active"):
            parts.append(f"{active} -> {'running' if self.running else 'stopped'}")
        elif stale and (self.running or (self.running is None and active in _STARTED)):
            parts.append(f"{'reload' if self.reloads else 'restart'}, its files have changed")
        return ", ".join(parts) or None

    def follows(self, changed: Collection[str]) -> bool:
        return any(path in changed for path in (*self.watches, *self.programs))

    def apply(self) -> str:
        unit = quote(self.unit)
        lines = ["systemctl daemon-reload", f"systemctl -q {'enable' if self.enabled else 'disable'} {unit}"]
        if self.running or (self.running is None and self._watched()):
            verb = "reload-or-restart" if self.reloads else "restart"
            started = f"systemctl show -p ActiveState --value {unit} | grep -qxE '{'|'.join(_STARTED)}'"
            lines += [
                *([] if self.running else [f"{started} || exit 0"]),
                "mkdir -p /run/underlay/started",
                f"stamp=$(cat {self._watched() or '/dev/null'} 2>/dev/null | sha256sum | cut -c1-16)",
                # A unit's start limit (FRR: three in three minutes) would refuse a further restart.
                f"systemctl reset-failed {unit} 2>/dev/null || true",
                f"systemctl {verb} {unit} || {{ journalctl -q -n 15 --no-pager -u {unit} >&2; exit 1; }}",
                f'echo "$stamp" >/run/underlay/started/{unit}',
            ]
        elif self.running is False:
            lines.append(f"systemctl stop {unit}")
        return "\n".join(lines)

    def remove(self) -> str:
        unit = quote(self.unit)
        # An optional unit belongs to the host: disabling networkd would take the host off the network.
        disable = "" if self.optional else f"systemctl -q disable --now {unit} 2>/dev/null || true; "
        return f"{disable}rm -f /run/underlay/started/{unit}"

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        """One that ran is started again once its files are back: see `was_active`."""
        state, unit = cls.fields(prior), quote(name)
        lines = [f"rm -f /run/underlay/started/{unit}"]
        if state.get("UnitFileState") not in _ENABLED:
            lines.append(f"systemctl -q disable {unit} 2>/dev/null || true")
        if state.get("ActiveState") not in _STARTED:
            lines.append(f"systemctl -q stop {unit} 2>/dev/null || true")
            lines.append(f"systemctl -q reset-failed {unit} 2>/dev/null || true")
        return "\n".join(lines)

    @staticmethod
    def fields(observed: str) -> dict[str, str]:
        """An observed line by the names that systemd has for its parts, and Loaded."""
        return dict(field.partition("=")[::2] for field in observed.split())

    @classmethod
    def was_active(cls, observed: str) -> bool:
        """Whether the unit of an observed line ran."""
        return cls.fields(observed).get("ActiveState") in _STARTED

    def check(self, host: Host) -> str | None:
        if self.optional:
            return None
        if self.running is not None:
            state = host.run("systemctl is-active %s", self.unit).stdout.strip()
            if (state == "active") != self.running:
                return f"{self.unit}: {state or 'unknown'}, expected {'active' if self.running else 'inactive'}"
        state = host.run("systemctl is-enabled %s", self.unit).stdout.strip()
        expected = "enabled" if self.enabled else "disabled"
        return (
            None if (state in _ENABLED) == self.enabled else f"{self.unit}: {state or 'unknown'}, expected {expected}"
        )
