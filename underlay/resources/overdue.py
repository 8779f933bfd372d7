"""Shell that bounds every question: a program that a host's answer waits for too long is ended, and told."""

from __future__ import annotations

import re

from underlay.patience import stretched

# Seconds for each program of a question; one that was ended once is given less from then on.
SECONDS, AGAIN_S = stretched(20), 2
_TICKS = 100  # a second of /proc/PID/stat and of all architectures that Debian has
_LINE = re.compile(r"@late (\S+)")

# u_watch SECONDS EVERY AGAIN. What `timeout` runs has a bound of its own. Of a pipeline the first is ended; the others
# see its end.
FUNCTIONS = f"""\
u_watch() {{
  command -v awk && command -v sleep || exit 0
  u_nap=; trap 'kill $u_nap; exit 0' TERM; set +f; u_slow=
  while :; do
    sleep "$2" 3>&- & u_nap=$!; wait "$u_nap" || exit 0
    u_overdue=$(cat /proc/[0-9]*/stat | awk -v "top=$$" -v "limit=$1" -v "slow=$u_slow " -v "again=$3" '
      BEGIN {{ getline uptime <"/proc/uptime"; now = uptime * {_TICKS} }}
      {{ pid = $1; name = $0; sub(/^[^(]*[(]/, "", name); sub(/[)][^)]*$/, "", name); gsub(/[ \\t]/, "", name)
        sub(/^.*[)] /, ""); up[pid] = $2; since[pid] = $20; called[pid] = name; parent[$2] = 1 }}
      END {{ for (pid in up) {{
        if (pid in parent || now - since[pid] < {_TICKS} * (index(slow, " " called[pid] " ") ? again : limit)) continue
        for (at = pid; at in up && at != top && called[at] != "timeout"; at = up[at]);
        if (at == top && pid != top && (!first || pid + 0 < first)) first = pid + 0
      }} if (first) print first, called[first] }}')
    read -r u_stat </proc/self/stat; case ${{u_stat##*)}} in " "?" $$ "*) ;; *) exit 0 ;; esac
    [ -n "$u_overdue" ] || continue
    printf '\\n@late %s\\n' "${{u_overdue#* }}" >&3
    kill "${{u_overdue%% *}}"; sleep 0.2 3>&-; kill -KILL "${{u_overdue%% *}}"
    u_slow="$u_slow ${{u_overdue#* }}"
  done
}}"""


def watched(lines: list[str], *, seconds: float = SECONDS) -> list[str]:
    """Lines of shell with questions; what keeps them waiting is named in a line of its own, which `late` reads."""
    begin = f"u_watch {seconds:g} {min(seconds / 4, 5):g} {min(seconds, AGAIN_S):g} 3>&1 >/dev/null & u_watcher=$!"
    return [begin, "trap 'kill $u_watcher' EXIT", *lines, "kill $u_watcher; trap - EXIT"]


def late(line: str) -> str | None:
    """The reason that a line gives, if it is one of `u_watch`."""
    found = _LINE.fullmatch(line)
    return f"{found[1]} gave no answer in time" if found else None
