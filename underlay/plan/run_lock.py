"""A host's lock: while one deploy is at work on it no other begins, and the refusal tells whose it is.

The lock is held by the connection: it names the process on the host that serves it (sshd's, or whatever a connector has
in its place) and when that began. A run that ends, is killed or loses its connection holds nothing. Nor does one whose
machine has vanished without a word, which sshd does not notice: a run that lives sends something every 15 seconds.

A script outlives its connection: sshd ends none. Whoever takes the lock of a run that has ended waits for what that has
left at work, but for an attempt of kubeadm, which the next attempt ends (see `attempt.begin`).
"""

from __future__ import annotations

from shlex import quote

from underlay.resources.answer import Answer, Answered

LOCK = "/run/underlay/lock"
# A line for each script of a run that has the lock: its process, when that began, and the run's token.
AT_WORK = "/run/underlay/at-work"
# The same of the last attempt of kubeadm, without a token.
ATTEMPT = "/var/lib/underlay/attempt"
TAKEN = "taken"
HELD = "held "
# Seconds without a byte after which a connection is taken for dead: of eight keepalives none has come.
SILENT_S = 120
# Seconds that what a run has left at work is waited for.
LEFT_S = 120

# Programs between a connection and a script, beside shells: how pyinfra becomes root, and what they start.
_BETWEEN = "sh|dash|bash|zsh|fish|ksh|mksh|tcsh|csh|rbash|busybox|sudo|su|doas|runuser|script|env|timeout|nice|setsid"

PROCESS = """\
u_process() { # of process $1: u_name, u_parent, u_group, and u_began in ticks since the boot
  [ -n "$1" ] && read -r u_stat </proc/"$1"/stat || return
  u_name=${u_stat#*\\(}; u_name=${u_name%\\)*}
  set -- ${u_stat##*\\)}
  u_parent=$2 u_group=$3 u_began=${20}
}"""

PRELUDE = f"""\
{PROCESS}
u_connection() {{ # u_pid and u_began of what serves this script's connection
  u_pid=$$
  while u_process "$u_pid"; do
    case $u_name in {_BETWEEN}) u_pid=$u_parent ;; *) [ "$u_pid" -gt 1 ]; return ;; esac
  done
  u_why='no process of the host serves this connection'; return 1
}}
u_is_silent() {{ # whether all connections of process $1 have been silent for longer than $2 ms; ss shows no 0
  u_last=$(timeout 5 ss -Htnpi | awk -v "pid=pid=$1," '
    /^[^ \t]/ {{ own = index($0, pid) }}
    own && / rto:/ {{
      ms = match($0, / lastrcv:[0-9]+/) ? substr($0, RSTART + 9, RLENGTH - 9) : 0
      if (!n++ || ms + 0 < least) least = ms + 0
    }}
    END {{ if (n) print least }}')
  [ "${{u_last:-0}}" -gt "$2" ]
}}
u_has_holder() {{ # whether the run whose lock it is has its connection still
  read -r u_holder u_since u_token u_whose <{LOCK} && u_process "$u_holder" && [ "$u_began" = "$u_since" ]
}}
u_is_held() {{ # whether the lock is another run's than $1, one that lives
  u_has_holder && [ "$u_token" != "$1" ] || return
  u_is_silent "$u_holder" {SILENT_S * 1000} || return 0
  # Should it come back, it must not go on beside the next.
  kill "$u_holder"; return 1
}}
u_is_worked_on() {{ # whether a script of another run than $1, and not this one, is at work: u_script
  [ -e {AT_WORK} ] || return
  u_attempt=; [ ! -e {ATTEMPT} ] || read -r u_attempt u_rest <{ATTEMPT}
  while read -r u_script u_start u_run; do
    case $u_script in $$|"$u_attempt") continue ;; esac
    [ "$u_run" != "$1" ] && u_process "$u_script" && [ "$u_began" = "$u_start" ] && return
  done <{AT_WORK}
  return 1
}}
u_lock() {{
  mkdir -p {LOCK.rpartition("/")[0]}
  u_try=0
  while [ $u_try -lt {2 * LEFT_S} ]; do
    (
      flock 9
      if u_is_held "$1"; then exit 3; fi
      if u_is_worked_on "$1"; then exit 4; fi
      u_connection && echo "$u_pid $u_began $1 $2" >{LOCK} || exit 1
      [ "$u_token" = "$1" ] || rm -f {AT_WORK}
    ) 9>{LOCK}.guard
    case $? in
      0) echo {TAKEN}; return ;;
      # A connection that has just been closed is served for a moment.
      3) u_try=$((u_try + {2 * LEFT_S // 5})); sleep 0.2 ;;
      4) u_try=$((u_try + 1)); sleep 0.5 ;;
      *) return 1 ;;
    esac
  done
  read -r u_holder u_since u_token u_whose <{LOCK}
  u_has_holder || u_whose="$u_whose; it has ended, and left a script at work there"
  echo "{HELD}$u_whose"
}}
u_left() {{ # waits for what a run that has ended has left at work
  u_try=0
  while ! u_has_holder && u_is_worked_on ""; do
    u_try=$((u_try + 1)); sleep 0.5
    [ $u_try -lt {2 * LEFT_S} ] || {{ u_why="a run that has ended has left process $u_script at work"; return 1; }}
  done
  echo none
}}"""


def take(*, token: str, whose: str) -> str:
    """Shell that takes the lock, or prints whose it is.

    :param token: of this run alone: what it holds already is no obstacle.
    :param whose: one line for the reader of a refusal.
    """
    return f"u_lock {quote(token)} {quote(' '.join(whose.split()))}"


LEFT = "u_left"
"""Shell that waits for what a run that has ended has left at work, and prints `none`; it takes no lock."""


def at_work(token: str) -> str:
    """Shell that says of the script which it begins that it is at work, for a run that has the lock."""
    return f"""\
{PROCESS}
[ ! -e {LOCK} ] || {{ u_process $$; echo "$$ $u_began {quote(token)}" >>{AT_WORK}; }}
"""


def holder(answer: Answer | None) -> str | None:
    """Whose lock it is, if another run's; a run that changes nothing has not asked."""
    match answer:
        case Answered(line) if line.startswith(HELD.strip()):
            return line.removeprefix(HELD.strip()).strip() or "whose, its lock does not say"
    return None
