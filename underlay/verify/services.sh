# Probes Services from a pod and its node. Set before it: pod_exec.sh, retry_s, tcp, udp, name (of this pod), and
# services, a line for each probe: its name, its kind, and an address or name, between | signs. Probes run in the
# background: whatever comes after this has to wait for them.
get() { "$1" curl -sSg -m 2 "$2" 2>&1; } # WHERE URL
dial() { get in_pod "http://$(url "$own"):$tcp/dial?protocol=$1&request=hostname&host=$2&port=$3&tries=1"; }

sticky() { # ADDRESS: whether six connections all reach one pod
  reached=$(retry_until "probe-" get in_pod "http://$(url "$1"):$tcp/hostname")
  [ "$reached" = ok ] || { echo "$reached"; return; }
  # A connection that reached nobody reached no other endpoint: it is made again.
  reached=$(for _ in 1 2 3 4 5 6; do
    for _ in 1 2 3; do
      answer=$(get in_pod "http://$(url "$1"):$tcp/hostname"); case $answer in probe-*) break;; esac
    done
    echo "$answer"
  done | sort -u | brief)
  case $reached in *" "*) echo "six connections reached $reached";; *) echo ok;; esac
}

probe() { # KIND TARGET
  case $1 in
    pod) retry_until "probe-" get in_pod "http://$(url "$2"):$tcp/hostname";;
    host) retry_until "probe-" get on_host "http://$(url "$2"):$tcp/hostname";;
    own) retry_until "$name" get in_pod "http://$(url "$2"):$tcp/hostname";;
    udp) retry_until '"responses":["probe-' dial udp "$2" "$udp";;
    # The pod's own program resolves the name and connects: name service as pods have it.
    name) retry_until '"responses":["probe-' dial http "$2" "$tcp";;
    sticky) sticky "$2";;
  esac
}

while IFS='|' read -r service_probe kind target; do
  [ -n "$service_probe" ] || continue
  result "$service_probe" "$(probe "$kind" "$target")" &
done <<END
$services
END
