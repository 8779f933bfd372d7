# Whether the wire between two nodes shows a mode and no other. Before it stands inside.sh, and for the pod's way to
# another: label, own, pod, shows, never, never_sent, secret, between and at as traffic.sh has them, small (so many bytes
# are sent, of the letter u), tcp (to this port) and job. `upload WHERE SIZE HOST PORT` sends them, and prints ok.
count() { tcpdump -nr "$work/$job.capture" "$1" 2>/dev/null | wc -l; }
first() { tcpdump -nr "$work/$job.capture" "$1" 2>/dev/null | head -n 1 | brief; }

# What the other node sends may be seen here a second time, decrypted.
in_the_clear() { tcpdump -r "$work/$job.capture" -w - "ether src $mac" 2>/dev/null | grep -q uuuuuuuuuuuuuuuu; }

captured() { # a body goes there; whether the wire showed this mode and no other
  nic=$(ip -o addr show | grep -F " $at/" | cut -d' ' -f2 | head -n 1); mac=$(cat "/sys/class/net/$nic/address")
  tcpdump -pnU --immediate-mode -i "$nic" -s 256 -w "$work/$job.capture" \
    "(host $own and host $pod) or $between" 2>"$work/$job.listening" & capture=$!
  tries=0
  until grep -q 'listening on' "$work/$job.listening" 2>/dev/null || [ $tries -ge 60 ]; do
    tries=$((tries + 1)); sleep 0.1
  done
  passed=$(upload in_pod $small "$pod" "$tcp")
  # Not INT: what runs in the background ignores it until it has set itself up, and is waited for without end.
  sleep 0.2; kill $capture 2>/dev/null; wait $capture 2>/dev/null
  sent=$(count "($shows) and ether src $mac"); got=$(count "($shows) and not ether src $mac")
  unwanted=$never; [ -z "$never_sent" ] || unwanted="${never:+($never) or }(($never_sent) and ether src $mac)"
  wrong=0; [ -z "$unwanted" ] || wrong=$(count "$unwanted")
  tell "capture $label" "on $nic $sent out, $got in of \"$shows\"; $wrong of \"$unwanted\"; first: $(first "$shows")"
  readable=; [ -z "$secret" ] || ! in_the_clear || readable="our payload is readable, and should be encrypted"
  # What must not be there comes first: it tells why nothing passed, too.
  if [ "$wrong" != 0 ]; then echo "on $nic $wrong packets of \"$unwanted\"${readable:+, $readable}: $(first "$unwanted")"
  elif [ -n "$readable" ]; then echo "on $nic $readable"
  elif [ "$passed" != ok ]; then echo "the traffic to capture did not pass: $passed"
  elif [ "$sent" = 0 ] || [ "$got" = 0 ]; then
    echo "on $nic $sent packets of \"$shows\" out and $got in; $(count '') in all: $(first '')"
  else echo ok; fi
}
