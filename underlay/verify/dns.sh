# Carries DNS messages. Set before it: pod_exec.sh, and queries, a line for each: its name, "pod" or "host", "udp" or
# "tcp", the server ("" for the host's own), and the message in base64, between | signs.
# Prints a line for each: the name, a tab, the reply in hex (nothing where none came).
carry() { # PROTOCOL SERVER FILE; bash alone opens sockets, and cat sends a datagram as one
  # TCP retransmits a lost segment by itself, given the time.
  case $1 in tcp) most=7;; *) most=3;; esac
  $prefix timeout $most bash -c '
    exec 3<>"/dev/$1/$2/53" && cat "$3" >&3 || exit
    if [ "$1" = udp ]; then timeout 1.5 dd bs=65535 count=1 status=none <&3
    else size=$(head -c 2 <&3 | od -An -tu1 | { read -r high low; echo $((high * 256 + low)); }); head -c "$size" <&3
    fi | od -An -v -tx1 | tr -d " \n"' - "$@" 2>/dev/null
}

reply() { # NAME WHERE PROTOCOL SERVER MESSAGE: a datagram may be lost, so up to two are sent
  echo "$5" | base64 -d >"$work/$1"
  prefix="nsenter --net=$namespace"; [ "$2" = pod ] || prefix=
  server=${4:-$(sed -n 's/^nameserver *//p' /etc/resolv.conf | head -n 1)}
  for _ in 1 2; do
    received=$(carry "$3" "$server" "$work/$1"); [ -z "$received" ] && [ "$3" = udp ] || break
  done
  echo "$received"
}

while IFS='|' read -r name where protocol server message; do
  { received=$(reply "$name" "$where" "$protocol" "$server" "$message"); result "$name" "$received"; } &
done <<END
$queries
END
wait
