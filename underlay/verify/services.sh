# Asks a pod's questions about Services. Before it stand inside.sh, patience, tcp, udp, name (of this pod), and services,
# a line for each question: its name, how it is asked, and an address or name, between | signs. The answers come in
# their own time: whoever goes on after this has to wait.
get() { "$1" curl -sSg -m 2 "$2" 2>&1; }
dial() { get in_pod "http://$(url "$own"):$tcp/dial?protocol=$1&request=hostname&host=$2&port=$3&tries=1"; }

sticky() { # ADDRESS: whether six connections all come to one pod
  seen=$(settled "probe-" get in_pod "http://$(url "$1"):$tcp/hostname"); [ "$seen" = ok ] || { echo "$seen"; return; }
  # A connection that came to nobody came to no other endpoint: it is made again.
  seen=$(for _ in 1 2 3 4 5 6; do
    for _ in 1 2 3; do
      answer=$(get in_pod "http://$(url "$1"):$tcp/hostname"); case $answer in probe-*) break;; esac
    done
    echo "$answer"
  done | sort -u | brief)
  case $seen in *" "*) echo "six connections came to $seen";; *) echo ok;; esac
}

ask() { # HOW WHOM
  case $1 in
    pod) settled "probe-" get in_pod "http://$(url "$2"):$tcp/hostname";;
    host) settled "probe-" get outright "http://$(url "$2"):$tcp/hostname";;
    own) settled "$name" get in_pod "http://$(url "$2"):$tcp/hostname";;
    udp) settled '"responses":["probe-' dial udp "$2" "$udp";;
    # The pod's own program resolves and asks: name service as pods have it.
    name) settled '"responses":["probe-' dial http "$2" "$tcp";;
    sticky) sticky "$2";;
  esac
}

while IFS='|' read -r question how whom; do
  [ -n "$question" ] || continue
  tell "$question" "$(ask "$how" "$whom")" &
done <<END
$services
END
