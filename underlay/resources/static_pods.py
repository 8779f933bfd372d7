"""The control plane's programs: each started since the certificates it was given were written.

None of them reads all of these again while it runs: one whose certificates were renewed serves until the old ones end.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from underlay.patience import stretched

from .kubeadm_certificates import NAME
from .resource import Host, Resource

_PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
# Linux keeps fifteen characters of a program's name.
_CUT = 15
# Seconds for a server that ends what it has begun, and for its next start.
_SECONDS = stretched(240)
# The files that a program was given, of the lines of its arguments.
_GIVEN = "grep -oE '/etc/kubernetes/.*[.](crt|conf)$'"
_TASKS = "/run/containerd/io.containerd.runtime.v2.task/k8s.io"
# What each answers at once it is at work; on the loopback address, whatever the family of the cluster.
_HEALTH = {
    "etcd": "http://127.0.0.1:2381/health",
    "kube-apiserver": "https://127.0.0.1:6443/readyz",
    "kube-controller-manager": "https://127.0.0.1:10257/healthz",
    "kube-scheduler": "https://127.0.0.1:10259/healthz",
}

# u_of NAME: the process that kubeadm's manifest made of a program. u_behind: of these programs, those that have not
# read what lies in a file they were given; u_files: those files. A file that is dated in the future says nothing.
_FUNCTIONS = f"""\
u_of() {{
  u_short=$(echo "$1" | cut -c -{_CUT})
  for u_dir in $(set +f; echo /proc/[0-9]*); do
    read -r u_comm <"$u_dir/comm" && [ "$u_comm" = "$u_short" ] || continue
    [ -z "$(u_files "$u_dir")" ] || {{ echo "${{u_dir#/proc/}}"; return; }}
  done 2>/dev/null
}}
u_files() {{ tr '\\0' '\\n' <"$1/cmdline" | {_GIVEN} | sort -u; }}
u_since() {{
  read -r u_up _ </proc/uptime
  u_ticks=$(sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20)
  echo $(($(date +%s) - ${{u_up%.*}} + u_ticks / $(getconf CLK_TCK 2>/dev/null || echo 100)))
}}
u_behind() {{
  u_list=
  for u_program in {" ".join(_PROGRAMS)}; do
    u_pid=$(u_of "$u_program")
    [ -n "$u_pid" ] && u_start=$(u_since "$u_pid") || continue
    u_written=$(stat -c %Y $(u_files "/proc/$u_pid") 2>/dev/null | awk -v "now=$(date +%s)" '
      $1 <= now && $1 > newest {{ newest = $1 }} END {{ print newest + 0 }}')
    # Seconds are cut off on both sides.
    [ "$u_written" -le $((u_start + 2)) ] || u_list="$u_list $u_program"
  done
  echo "behind:$u_list"
}}"""
# u_current NAME URL: ends a program that is behind, and waits until it answers. The controller manager and the
# scheduler end by themselves where the API server is away for long, and are not behind any more then.
_CURRENT = f"""\
u_current() {{
  [ -e "/etc/kubernetes/manifests/$1.yaml" ] || return 0
  u_old=; u_until=$(($(date +%s) + {_SECONDS}))
  case "$(u_behind) " in *" $1 "*) u_old=$(u_of "$1"); kill "$u_old" ;; esac
  while [ "$(date +%s)" -lt "$u_until" ]; do
    u_new=$(u_of "$1")
    if [ -n "$u_new" ] && [ "$u_new" != "$u_old" ] && curl -sfk -m 5 -o /dev/null "$2"; then return; fi
    sleep 1
  done
  echo "$1 does not answer at $2" >&2
  return 1
}}"""


@dataclass(frozen=True)
class StaticPods(Resource):
    """Programs whose certificates were renewed are ended one after the other, and started again by the kubelet."""

    kind = "control plane"
    interrupts: ClassVar[bool] = True
    prelude = _FUNCTIONS

    @property
    def name(self) -> str:
        return "programs"

    def observe(self) -> str:
        return "u_behind"

    def follows(self, changed: Collection[str]) -> bool:
        return NAME in changed

    def difference(self, observed: str) -> str | None:
        behind = observed.removeprefix("behind:").split()
        return f"certificates were renewed since {', '.join(behind)} started -> restarted" if behind else None

    def apply(self) -> str:
        each = (f"u_current {name} {_HEALTH[name]}" for name in _PROGRAMS)
        need = "command -v curl >/dev/null || { echo 'curl is not installed' >&2; exit 1; }"
        return "\n".join([_CURRENT, need, *each])

    def check(self, host: Host) -> str | None:
        for program in _PROGRAMS:
            found = host.run(
                f'for f in {_TASKS}/*/init.pid; do p=$(cat "$f"); '
                f'[ "$(cat /proc/$p/comm)" = {program[:_CUT]} ] || continue; '
                f"files=$(tr '\\0' '\\n' </proc/$p/cmdline | {_GIVEN}); "
                '[ -z "$files" ] || find $files -newer "$f"; done'
            )
            if newer := found.stdout.split():
                return f"control plane: {program} was started before {newer[0]} was written"
        return None
