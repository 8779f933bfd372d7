# Runs every probe from one pod to others. Set before it: pod_exec.sh, retry_s, mtu, link_mtu, ports, node_port, and
# paths, a line for each: its label, the pod's name, this pod's address and the other's, the other node's address,
# whether it is timed, what a capture must and must never show, what this node must never send (pcap filters, or
# nothing), whether the payload must be encrypted, what passes between the two nodes (a filter), and the address whose
# link that is captured on, between | signs.
# Prints a line for each probe: its name, a tab, "ok" or what is wrong.
for size in 10000000 1000000; do head -c $size /dev/zero | tr '\0' u >"$work/$size"; done
big=10000000 small=1000000

get() { "$1" curl -sSg -m 3 "$2" 2>&1; } # WHERE URL

upload() { # WHERE SIZE HOST PORT: whether all bytes arrive; the seconds are left in $work/$job.time
  # Slow is no failure, only standing still is.
  output=$("$1" curl -sSg --connect-timeout 2.5 -m 40 -y 3 -Y 1000 -H Expect: -F "file=@$work/$2" \
    -w '%{time_connect} %{http_code} %{time_total}' -o "$work/$job.back" "http://$(url "$3"):$4/upload" 2>"$work/$job.error")
  echo "${output##* }" >"$work/$job.time"
  case $output in
    *" 201 "*) echo ok;;
    0.000000*) echo "no connection: $(brief <"$work/$job.error")";;
    *) echo "connected, but $2 bytes do not pass: $(brief <"$work/$job.error")";;
  esac
}

largest() { # whether a packet of the MTU passes in one piece, and one byte more does not
  header=28; case $pod in *:*) header=48;; esac
  # One of three: under load a data path may lose a packet, and a size that does not fit loses all of them.
  if ! in_pod ping -n -c 3 -i 0.1 -W 2 -M do -s $((mtu - header)) "$pod" >"$work/$job.ping" 2>&1; then
    echo "a packet of $mtu bytes does not pass: $(brief <"$work/$job.ping")"
  elif in_pod ping -n -c 1 -W 1 -M do -s $((mtu - header + 1)) "$pod" >/dev/null 2>&1; then
    echo "a packet of $((mtu + 1)) bytes passes, expected $mtu at most"
  else echo ok; fi
}

own_source() { # CLIENT...: whether the client's address that the other pod reports is this pod's
  case $* in
    *"$own:"*|*"[$own]:"*) echo ok;;
    ""|curl*) echo "no answer: $*";;
    *) echo "the other pod sees source ${*:-none}, expected $own";;
  esac
}

by_udp() { # the other pod's answer to a small datagram; one may be lost
  dial="http://$(url "$own"):$tcp/dial?protocol=udp&request=clientip&host=$pod&port=$udp&tries=1"
  for _ in 1 2; do
    client=$(get in_pod "$dial"); case $client in *responses*) break;; esac
  done
  own_source "$client"
}

to_node() { # any status is an answer: the kubelet does not know this client
  for _ in 1 2; do
    status=$(in_pod curl -skg -m 3 -o /dev/null -w '%{http_code}' "https://$(url "$there"):$kubelet/healthz")
    [ "$status" = 000 ] || break
  done
  [ "$status" != 000 ] && echo ok || echo "the kubelet at $there does not answer"
}

path() { # LABEL NAME OWN POD THERE SHOWS NEVER NEVER_SENT SECRET BETWEEN AT
  label=$1 name=$2 own=$3 pod=$4 there=$5 shows=$6 never=$7 never_sent=$8 secret=$9 between=${10} at=${11}
  reached=$(upload in_pod $big "$pod" "$tcp"); result "body $label" "$reached"
  # The capture also explains why a pod was not reached.
  [ -z "$shows" ] || result "wire $label" "$(captured)"
  case $reached in
    "no connection"*) for probe in source udp packet; do result "$probe $label" "not tested: $reached"; done;;
    *)
      result "source $label" "$(own_source "$(get in_pod "http://$(url "$pod"):$tcp/clientip")")"
      result "udp $label" "$(by_udp)"
      # A pod reaches itself over its loopback, which has another MTU.
      [ "$pod" = "$own" ] || result "packet $label" "$(largest)";;
  esac
  result "host $label" "$(upload on_host $small "$pod" "$tcp")"
  [ "$reached" != ok ] || : >"$work/$job.reached"
  result "node $label" "$(to_node)"
  [ "$pod" = "$own" ] ||
    result "host-port $label" "$(retry_until "$name" get on_host "http://$(url "$there"):$host_port/hostname")"
  result "node-port $label" "$(retry_until "probe-" get on_host "http://$(url "$there"):$node_port/hostname")"
}

link=$(in_pod ip -o addr show | grep -F " $own/" | cut -d' ' -f2)
has=$(in_pod ip -o link show "${link%%@*}" | sed 's/.* mtu \([0-9]*\).*/\1/')
[ "$has" = "$link_mtu" ] && result mtu ok || result mtu "the pod's ${link%%@*}: mtu ${has:-unknown}, expected $link_mtu"

# A pod that is kept remembers for minutes how little once passed on a path.
in_pod ip route flush cache 2>/dev/null; in_pod ip -6 route flush cache 2>/dev/null

job=0
while IFS='|' read -r label name mine pod there timed shows never never_sent secret between at; do
  [ -n "$label" ] || continue
  job=$((job + 1))
  path "$label" "$name" "$mine" "$pod" "$there" "$shows" "$never" "$never_sent" "$secret" "$between" "$at" &
  # A few at a time: a large cluster's nodes have many paths.
  [ $((job % 6)) != 0 ] || wait
done <<END
$paths
END
wait

round_trip() { "$1" ping -nq -c 5 -i 0.01 -W 1 "$2" 2>/dev/null | sed -n 's|.*= \([0-9.]*\)/.*|\1|p'; } # WHERE ADDRESS
job=0
while IFS='|' read -r label name own pod there timed rest; do
  job=$((job + 1))
  # A few are enough to show the speed, and each of them takes its time.
  [ -f "$work/$job.reached" ] && [ -n "$timed" ] && [ $job -le 6 ] || continue
  inside=$(upload in_pod $big "$pod" "$tcp"); took=$(cat "$work/$job.time"); [ "$inside" = ok ] || took=
  outside=$(upload on_host $big "$there" "$host_server"); host_took=$(cat "$work/$job.time"); [ "$outside" = ok ] || host_took=
  result "speed $label" "$(round_trip in_pod "$pod"),$took,$(round_trip on_host "$there"),$host_took"
done <<END
$paths
END
