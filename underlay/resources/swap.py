"""Swap off, now and after a reboot: the kubelet refuses to start with swap on."""

from __future__ import annotations

from dataclasses import dataclass

from .resource import Host, Resource

# What calls swapon itself, by the packages of Debian and Ubuntu.
SERVICES = ("zramswap.service", "zram-config.service", "dphys-swapfile.service", "swapspace.service")
# Units that were switched off, so that a reset puts them back.
SWITCHED_OFF = "/var/lib/underlay/swap-units"


@dataclass(frozen=True)
class NoSwap(Resource):
    """Swap off, and nothing left that turns it on at boot.

    Lines in /etc/fstab are commented out (and marked, so that a reset puts them back). What fstab, the GPT or zram's
    generator make for systemd is masked with its target; a service that calls swapon itself is disabled and masked, and
    so is the timer of one.
    """

    kind = "swap"
    restorable = True
    prelude = r"""u_swap() {
  n=0; while read -r p _; do case $p in Filename) ;; *) n=$((n+1));; esac; done </proc/swaps
  f=$(grep -cE '^[[:space:]]*[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)' /etc/fstab)
  b=$(u_swap_units | sort -u | tr '\n' ' ')
  echo "$n in use, ${f:-0} in fstab${b:+, started by ${b% }}"
}
u_swap_units() {
  dirs='/run/systemd/generator /run/systemd/generator.late /etc/systemd/system'
  if [ "$(readlink /etc/systemd/system/swap.target)" != /dev/null ] &&
    find $dirs -path '*/swap.target.*/*.swap' | grep -q .; then echo swap.target; fi
  find $dirs '(' -path '*.wants/*.swap' -o -path '*.requires/*.swap' ')' ! -path '*/swap.target.*' |
    sed 's/.*\///' | while read -r u; do
      [ "$(readlink "/etc/systemd/system/$u")" = /dev/null ] || echo "$u"
    done
  set -- $(find $dirs -path '*.wants/*.service' -o -path '*.requires/*.service')
  u_swapping "$@"
  # What only a timer starts is found by the service that it is for.
  set -- $(find $dirs -path '*.wants/*.timer' -o -path '*.requires/*.timer')
  for t do
    n=${t##*/}; s=$(sed -n 's/^Unit= *//p' "$t" | tail -n 1); s=${s:-${n%.timer}.service}
    for d in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system; do
      [ -e "$d/$s" ] || continue
      [ -z "$(u_swapping "$d/$s")" ] || echo "$n"
      break
    done
  done
}
u_swapping() {
  [ $# = 0 ] || grep -HsE '^Exec(Start|StartPre|StartPost)=' "$@" | awk '{
      unit = $0; sub(/:.*/, "", unit); sub(/.*\//, "", unit)
      sub(/^[^=]*=[-@:+!|]*/, "")
      if ($0 ~ /(^|[^-[:alnum:]_.])swapon( |$)/) print unit
      else { name = $1; sub(/.*\//, "", name); if (unit name ~ /swap|zram/) print unit, $1 }
    }' | while read -r unit program; do
      if [ -z "$program" ] || grep -qs swapon "$program"; then echo "$unit"; fi
    done
}"""

    @property
    def name(self) -> str:
        return "off"

    @property
    def title(self) -> str:
        return self.kind

    def observe(self) -> str:
        return "u_swap"

    def difference(self, observed: str) -> str | None:
        return None if observed == "0 in use, 0 in fstab" else f"{observed or 'unknown'} -> off"

    def apply(self) -> str:
        return f"{_SERVICES_OFF}\n{_SWAP_OFF}"

    def remove(self) -> str:
        return rf"""[ ! -e /etc/fstab ] || sed -i -E 's/^#underlay# //' /etc/fstab
if [ -e {SWITCHED_OFF} ]; then
  for u in $(sort -u {SWITCHED_OFF}); do
    systemctl -q unmask "$u" || true
    case $u in *.service | *.swap | *.timer) systemctl -q enable "$u" || true;; esac
  done
  rm -f {SWITCHED_OFF}
fi"""

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        again = "" if prior.startswith("0 in use") else "\nsystemctl daemon-reload; swapon -a"
        return cls().remove() + again

    def check(self, host: Host) -> str | None:
        found = host.run("swapon --show --noheadings")
        if found.rc:
            return f"swap: could not be asked ({found.stderr.strip()})"
        if found.stdout.strip():
            return f"swap: on ({found.stdout.strip()}), expected off"
        enabled = [s for s in SERVICES if host.run("systemctl is-enabled %s", s).stdout.strip() == "enabled"]
        return f"swap: turned on at the next boot by {', '.join(enabled)}, expected off" if enabled else None


# Of a unit that lies in /etc/systemd/system itself there is no other to mask.
_SERVICES_OFF = rf"""u=$(u_swap_units | sort -u)
if [ -n "$u" ]; then
  mkdir -p {SWITCHED_OFF.rpartition("/")[0]}; printf '%s\n' $u >>{SWITCHED_OFF}
  for s in $u; do
    case $s in *.service | *.swap | *.timer) systemctl -q disable --now "$s" || true;; esac
    systemctl -q mask "$s" || true
  done
fi"""
_SWAP_OFF = r"""swapoff -a
if [ -e /etc/fstab ]; then
  t=$(mktemp /etc/.underlay.XXXXXX)
  trap 'rm -f "$t"' EXIT
  swap='^[[:space:]]*[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)'
  sed -E "/$swap/s/^/#underlay# /" /etc/fstab >"$t"
  chmod --reference=/etc/fstab "$t"; mv -f "$t" /etc/fstab
fi
for u in $(systemctl list-units --plain --no-legend --all -t swap | cut -d' ' -f1); do systemctl -q mask "$u"; done
systemctl daemon-reload"""
