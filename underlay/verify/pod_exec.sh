# Finds the network namespace of the pod whose address is $own; everything is asked from there by the node's own programs.
# Whatever hangs, what was answered by then is told.
[ -n "${bounded:-}" ] || { export bounded=yes; exec timeout 240 sh "$0"; }
namespace=
for file in /run/netns/*; do
  nsenter --net="$file" ip -o addr show 2>/dev/null | grep -qF " $own/" && namespace=$file
done
[ -n "$namespace" ] || { echo "no network namespace here has the pod's address $own" >&2; exit 1; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

exec 3>&1
tell() { printf '%s\t%s\n' "$1" "$2" >&3; }
in_pod() { nsenter --net="$namespace" "$@"; }
outright() { "$@"; }
brief() { tr '\n' ' ' | tail -c 200 | sed 's/^ *//; s/ *$//'; }
url() { case $1 in *:*) echo "[$1]";; *) echo "$1";; esac; }

settled() { # PATTERN COMMAND...: "ok" once the command prints the pattern, or what it prints when patience is at its end
  pattern=$1; shift; until=$(($(date +%s) + patience))
  while :; do
    seen=$("$@" 2>&1)
    case $seen in *"$pattern"*) echo ok; return;; esac
    [ "$(date +%s)" -lt $until ] || { echo "${seen:-nothing} | not $pattern" | brief; return; }
    sleep 0.3
  done
}
