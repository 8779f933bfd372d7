"""Swap off, now and after a reboot: the kubelet refuses to start with swap on."""

from __future__ import annotations

from dataclasses import dataclass

from .resource import Host, Resource


@dataclass(frozen=True)
class NoSwap(Resource):
    """Swap off, its lines in /etc/fstab commented out (and marked, so that a reset puts them back), units masked."""

    kind = "swap"
    prelude = """\
u_swap() {
  n=0; while read -r p _; do case $p in Filename) ;; *) n=$((n+1));; esac; done </proc/swaps
  f=$(grep -cE '^[[:space:]]*[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)' /etc/fstab)
  echo "$n in use, ${f:-0} in fstab"
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
        return r"""swapoff -a
if [ -e /etc/fstab ]; then
  t=$(mktemp /etc/.underlay.XXXXXX)
  trap 'rm -f "$t"' EXIT
  swap='^[[:space:]]*[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)'
  sed -E "/$swap/s/^/#underlay# /" /etc/fstab >"$t"
  chmod --reference=/etc/fstab "$t"; mv -f "$t" /etc/fstab
fi
for u in $(systemctl list-units --plain --no-legend --all -t swap | cut -d' ' -f1); do systemctl -q mask "$u"; done"""

    def remove(self) -> str:
        return r"[ ! -e /etc/fstab ] || sed -i -E 's/^#underlay# //' /etc/fstab"

    def check(self, host: Host) -> str | None:
        found = host.run("swapon --show --noheadings")
        if found.rc:
            return f"swap: could not be asked ({found.stderr.strip()})"
        return f"swap: on ({found.stdout.strip()}), expected off" if found.stdout.strip() else None
