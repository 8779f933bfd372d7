# Tries connections between pods. Set before it: connections, a line for each: its name, the source's address, the
# target's, tcp or udp, and the two ports, between | signs. Prints a line for each: the name, a tab, "passes" or "blocked".
url() { case $1 in *:*) echo "[$1]";; *) echo "$1";; esac; }

namespace_of() {
  for file in /run/netns/*; do
    nsenter --net="$file" ip -o addr show 2>/dev/null | grep -qF " $1/" && { echo "$file"; return; }
  done
}

attempt() { # SOURCE TARGET PROTOCOL TCP UDP
  namespace=$(namespace_of "$1"); [ -n "$namespace" ] || { echo "no network namespace here has $1"; return; }
  # The pod's own server sends datagrams: no policy applies to the request to it over loopback.
  case $3 in
    tcp) set -- "http://$(url "$2"):$4/hostname" .;;
    udp) set -- "http://127.0.0.1:$4/dial?protocol=udp&request=hostname&host=$2&port=$5&tries=1" '"responses"';;
  esac
  nsenter --net="$namespace" curl -sSg -m 2 "$1" 2>/dev/null | grep -q "$2" && echo passes || echo blocked
}

while IFS='|' read -r name source target protocol tcp udp; do
  { outcome=$(attempt "$source" "$target" "$protocol" "$tcp" "$udp"); printf '%s\t%s\n' "$name" "$outcome"; } &
done <<END
$connections
END
wait
