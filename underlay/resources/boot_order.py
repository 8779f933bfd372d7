"""What undoes a setting at boot: a file of sysctl.d that is read after ours, a module that modprobe.d forbids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from shlex import quote

from .kernel_module import KernelModule
from .resource import Host, Resource
from .sysctl import PERSISTED, Sysctl

_MARK = "#underlay# "
_SYSCTLS = "/etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d"
_MODULES = "/etc/modprobe.d /run/modprobe.d /usr/local/lib/modprobe.d /usr/lib/modprobe.d /lib/modprobe.d"


@dataclass(frozen=True)
class BootOrder(Resource):
    """Nothing that is read at boot has another value for `sysctls`, or keeps one of `modules` from being loaded.

    `modprobe NAME` loads a module in spite of a line `blacklist NAME`; systemd-modules-load does not. Lines of others
    are commented out, and marked, so that a reset puts them back.
    """

    sysctls: tuple[Sysctl, ...]
    modules: tuple[KernelModule, ...]

    kind = "boot order"
    restorable = True
    # Prints `FILE: LINE;` for each line that is in the way. With a file as its argument: that file, without them.
    prelude = rf"""u_boot_awk='
function key(text,  first) {{
  gsub(/[ \t]/, "", text); sub(/^-/, "", text)
  first = match(text, /[.\/]/) ? substr(text, RSTART, 1) : ""
  if (first == ".") {{ gsub(/\//, "\001", text); gsub(/[.]/, "/", text); gsub("\001", ".", text) }}
  return text
}}
function squeezed(text) {{ gsub(/[ \t]+/, " ", text); sub(/^ /, "", text); sub(/ $/, "", text); return text }}
BEGIN {{
  n = split(wanted, rows, "\n")
  for (i = 1; i <= n; i++) {{ at = index(rows[i], "="); want[substr(rows[i], 1, at - 1)] = substr(rows[i], at + 1) }}
}}
{{ bad = 0 }}
FILENAME ~ /sysctl/ && /^[^#;]*=/ {{
  at = index($0, "="); name = key(substr($0, 1, at - 1))
  bad = name in want && want[name] != squeezed(substr($0, at + 1))
}}
FILENAME ~ /modprobe/ && $1 == "blacklist" {{ name = $2; gsub(/-/, "_", name); bad = ("module " name) in want }}
print_all {{ print (bad ? "{_MARK}" : "") $0; next }}
bad {{ printf "%s: %s;", FILENAME, squeezed($0) }}
'
u_boot_files() {{
  find {_SYSCTLS} -maxdepth 1 -name '*.conf' 2>/dev/null | awk -F/ '$NF > "{PurePosixPath(PERSISTED).name}"'
  if grep -qsx ENABLED=yes /etc/ufw/ufw.conf; then echo /etc/ufw/sysctl.conf; fi
  find -H {_MODULES} -maxdepth 1 -name '*.conf' 2>/dev/null
}}
u_boot_order() {{
  set -- "$1" $(u_boot_files)
  u_want=$1; shift
  [ $# = 0 ] || awk -v wanted="$u_want" "$u_boot_awk" "$@"
}}"""

    @property
    def name(self) -> str:
        return "of sysctl.d and modprobe.d"

    @property
    def _wanted(self) -> str:
        rows = [f"{s.path}={s.value}" for s in self.sysctls]
        return "\n".join([*rows, *(f"module {m.module}=" for m in self.modules)])

    def observe(self) -> str:
        return f"u_boot_order {quote(self._wanted)}"

    def difference(self, observed: str) -> str | None:
        found = dict.fromkeys(line.strip() for line in observed.split(";") if line.strip())
        return f"{', '.join(found)} -> commented out" if found else None

    def apply(self) -> str:
        return f"""\
u_want={quote(self._wanted)}
for f in $(u_boot_files); do
  [ -n "$(awk -v wanted="$u_want" "$u_boot_awk" "$f")" ] || continue
  f=$(readlink -f "$f"); t=$(mktemp "${{f%/*}}/.underlay.XXXXXX")
  awk -v wanted="$u_want" -v print_all=1 "$u_boot_awk" "$f" >"$t"
  chmod --reference="$f" "$t"; mv -f "$t" "$f"
done"""

    def remove(self) -> str:
        return f"""\
for f in $(grep -lsr '^{_MARK}' {_SYSCTLS} {_MODULES} /etc/ufw/sysctl.conf); do sed -i 's/^{_MARK}//' "$f"; done"""

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        return cls((), ()).remove()

    def check(self, host: Host) -> str | None:
        """By what systemd and modprobe themselves read."""
        lines = host.run("systemd-analyze cat-config sysctl.d").stdout.splitlines()
        last: dict[str, str] = {}
        for line in lines:
            name, equals, value = line.partition("=")
            if equals and not name.lstrip().startswith(("#", ";")):
                last[re.sub(r"\s|^\s*-", "", name).replace("/", ".")] = " ".join(value.split())
        listed = set(host.run("modprobe --showconfig").stdout.splitlines())
        wrong = [
            f"{s.key} is {found} at the next boot, expected {s.value}"
            for s in self.sysctls
            if (found := last.get(s.key, s.value)) != s.value
        ]
        kept_off = [m.module for m in self.modules if f"blacklist {m.module}" in listed]
        wrong += [f"{module} is not loaded at boot (blacklist)" for module in kept_off]
        return "; ".join(wrong) or None
