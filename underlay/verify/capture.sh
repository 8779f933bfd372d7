# Captures between two nodes: whether the wire shows the mode's packets and no forbidden ones. Set before it:
# pod_exec.sh, and for the path: label, own, pod, shows, never, never_sent, secret, between and at as in traffic.sh,
# small (bytes to send, all of the letter u), tcp (the port) and job. `upload WHERE SIZE HOST PORT` sends them and prints ok.
count() { tcpdump -nr "$work/$job.capture" "$1" 2>/dev/null | wc -l; }
first() { tcpdump -nr "$work/$job.capture" "$1" 2>/dev/null | head -n 1 | brief; }

# What the other node sends may show up here a second time, decrypted.
in_the_clear() { tcpdump -r "$work/$job.capture" -w - "ether src $mac" 2>/dev/null | grep -q uuuuuuuuuuuuuuuu; }

captured() { # sends a body, and prints "ok" or what is wrong with the packets on the wire
  nic=$(ip -o addr show | grep -F " $at/" | cut -d' ' -f2 | head -n 1); mac=$(cat "/sys/class/net/$nic/address")
  tcpdump -pnU --immediate-mode -i "$nic" -s 256 -w "$work/$job.capture" \
    "(host $own and host $pod) or $between" 2>"$work/$job.listening" & capture=$!
  tries=0
  until grep -q 'listening on' "$work/$job.listening" 2>/dev/null || [ $tries -ge 60 ]; do
    tries=$((tries + 1)); sleep 0.1
  done
  passed=$(upload in_pod $small "$pod" "$tcp")
  # Not INT: a background process ignores it until it has set itself up, and the wait would not end.
  sleep 0.2; kill $capture 2>/dev/null; wait $capture 2>/dev/null
  sent=$(count "($shows) and ether src $mac"); received=$(count "($shows) and not ether src $mac")
  forbidden=$never; [ -z "$never_sent" ] || forbidden="${never:+($never) or }(($never_sent) and ether src $mac)"
  found=0; [ -z "$forbidden" ] || found=$(count "$forbidden")
  result "capture $label" "$nic: $sent sent and $received received of \"$shows\"; $found of \"$forbidden\"; first: $(first "$shows")"
  readable=; [ -z "$secret" ] || ! in_the_clear || readable="the payload is readable, expected encrypted"
  # Forbidden packets come first: they also explain why nothing passed.
  if [ "$found" != 0 ]; then
    echo "$nic: $found forbidden packets (\"$forbidden\")${readable:+; $readable}; first: $(first "$forbidden")"
  elif [ -n "$readable" ]; then echo "$nic: $readable"
  elif [ "$passed" != ok ]; then echo "the captured transfer failed: $passed"
  elif [ "$sent" = 0 ] || [ "$received" = 0 ]; then
    echo "$nic: $sent packets sent and $received received of \"$shows\", expected both; $(count '') captured in all: $(first '')"
  else echo ok; fi
}
