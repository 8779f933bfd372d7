# Finds the network namespace of the pod with the address $own; every probe runs in it, by the node's own programs.
# Whatever hangs, the results so far are printed.
[ -n "${bounded:-}" ] || { export bounded=yes; exec timeout 240 sh "$0"; }
namespace=
for file in /run/netns/*; do
  nsenter --net="$file" ip -o addr show 2>/dev/null | grep -qF " $own/" && namespace=$file
done
[ -n "$namespace" ] || { echo "no network namespace has the pod's address $own" >&2; exit 1; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

exec 3>&1
result() { printf '%s\t%s\n' "$1" "$2" >&3; } # PROBE RESULT
in_pod() { nsenter --net="$namespace" "$@"; }
on_host() { "$@"; }
brief() { tr '\n' ' ' | tail -c 200 | sed 's/^ *//; s/ *$//'; }
url() { case $1 in *:*) echo "[$1]";; *) echo "$1";; esac; }

retry_until() { # PATTERN COMMAND...: "ok" once the command prints the pattern; after $retry_s seconds what it prints instead
  pattern=$1; shift; deadline=$(($(date +%s) + retry_s)) pause=0.2
  while :; do
    output=$("$@" 2>&1)
    case $output in *"$pattern"*) echo ok; return;; esac
    [ "$(date +%s)" -lt $deadline ] || { echo "${output:-no output}, expected $pattern" | brief; return; }
    sleep $pause
    # A node with many that fail would be kept busy by asking alone.
    case $pause in 0.2) pause=0.4;; 0.4) pause=0.8;; *) pause=1.6;; esac
  done
}
