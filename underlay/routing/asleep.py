"""What FRR may leave behind when it starts: a neighbour that it never tries to reach."""

# Seen in FRR 10.3, on the first start of a busy host and wherever a link comes up later than bgpd: an iBGP neighbour
# with BFD stays Idle ("Update source change") without a timer that would start it, for ever. BFD takes it for one
# behind routers then, and never comes up. It starts when it is cleared without BFD, and BFD comes right after that. A
# neighbour that was up once, or is to be tried again, is left alone.
AWAKE = """\
configured() { vtysh -c 'configure terminal' -c "$(grep '^router bgp ' /etc/frr/frr.conf)" "$@"; }
awake() {
  asleep=$(vtysh -c 'show bgp neighbors' | awk '
    $1 == "BGP" && $2 == "neighbor" {peer = $4; sub(/,$/, "", peer); idle = 0; due = 0}
    /^ *BGP state = Idle$/ {idle = 1}
    /start timer due/ {due = 1}
    /^ *Connections established 0;/ {if (idle) never[peer] = 1}
    {if (due) delete never[peer]}
    END {for (peer in never) print peer}')
  [ -n "$asleep" ] || return 0
  for peer in $asleep; do
    ! grep -q "^ neighbor $peer bfd" /etc/frr/frr.conf || configured -c "no neighbor $peer bfd"
    vtysh -c "clear bgp $peer"
  done
  sleep 3
  for peer in $asleep; do
    sed -n "s/^ \\(neighbor $peer bfd.*\\)/\\1/p" /etc/frr/frr.conf |
      while IFS= read -r line; do configured -c "$line"; done
  done
  return 1
}"""
