"""Detects changes made in vtysh: whenever FRR has loaded its file, the checksum of what it runs is stored."""

from __future__ import annotations

from underlay.resources.file import File
from underlay.resources.loaded_config import Loaded
from underlay.templates import render

PROGRAM = "/usr/local/lib/underlay/frr-loaded"
DROP_IN = "/etc/systemd/system/frr.service.d/underlay.conf"

# Forwarding is a kernel setting, not part of the loaded file.
loaded = Loaded("frr.service", r"vtysh -c 'show running-config' | grep -vE '^(no )?ip(v6)? forwarding$'")

# FRR 10.3, on the first start of a busy host and wherever a link comes up later than bgpd: an iBGP neighbour with BFD
# stays Idle ("Update source change") without a start timer. BFD then treats it as multihop, and never comes up. The
# neighbour starts when it is cleared without BFD, and BFD works after that. A neighbour that was established once, or
# has a start timer, is left alone.
RESTART_IDLE = """\
configured() { vtysh -c 'configure terminal' -c "$(grep '^router bgp ' /etc/frr/frr.conf)" "$@"; }
restart_idle() {
  idle_peers=$(vtysh -c 'show bgp neighbors' | awk '
    $1 == "BGP" && $2 == "neighbor" {peer = $4; sub(/,$/, "", peer); idle = 0; due = 0}
    /^ *BGP state = Idle$/ {idle = 1}
    /start timer due/ {due = 1}
    /^ *Connections established 0;/ {if (idle) never[peer] = 1}
    {if (due) delete never[peer]}
    END {for (peer in never) print peer}')
  [ -n "$idle_peers" ] || return 0
  for peer in $idle_peers; do
    ! grep -q "^ neighbor $peer bfd" /etc/frr/frr.conf || configured -c "no neighbor $peer bfd"
    vtysh -c "clear bgp $peer"
  done
  sleep 3
  for peer in $idle_peers; do
    sed -n "s/^ \\(neighbor $peer bfd.*\\)/\\1/p" /etc/frr/frr.conf |
      while IFS= read -r line; do configured -c "$line"; done
  done
  return 1
}"""

# For systemd a start is complete when the daemons run; they load their configuration afterwards. FRR's own comparison
# of the running configuration with the file tells when that is done. Where it always finds a difference (a version that
# prints a line differently) no checksum is stored, and no drift is reported.
# A reload of FRR 10.3 switches IPv6 forwarding on where it was off: it removes "no ipv6 forwarding", which zebra shows
# and no file has.
_SCRIPT = f"""\
#!/bin/sh
# Written by Underlay. Stores the checksum of FRR's running configuration once its file is loaded (noted), so that later
# changes in vtysh are detected; makes FRR load its file again (reload) and keeps IPv6 forwarding as it was.
set -u
for lib in /usr/lib/frr /usr/libexec/frr; do [ ! -e $lib/frrinit.sh ] || break; done
rm -f {loaded.stamp}
if [ "$1" = reload ]; then
  forwarding=/proc/sys/net/ipv6/conf/all/forwarding
  was=$(cat $forwarding 2>/dev/null)
  $lib/frrinit.sh reload || exit 1
  [ -z "$was" ] || [ "$was" = "$(cat $forwarding)" ] || echo "$was" >$forwarding
fi
[ -e $lib/frr-reload.py ] || exit 0
# Cheaper than the comparison, and false during the first part of a start.
peers() {{ grep -c ' remote-as '; }}
{RESTART_IDLE}
before= tries=0
until [ $tries -ge 50 ]; do
  tries=$((tries + 1))
  [ "$(vtysh -c 'show running-config' | peers)" = "$(peers </etc/frr/frr.conf)" ] || {{ sleep 0.5; continue; }}
  restart_idle || {{ tries=$((tries + 9)); continue; }}
  difference=$($lib/frr-reload.py --test --stdout --log-level error /etc/frr/frr.conf 2>&1 |
    grep -vE '^(=+|Lines To (Add|Delete)|(no )?ip(v6)? forwarding|)$')
  if [ -z "$difference" ]; then
    {loaded.store_checksum().replace(chr(10), chr(10) + "    ")}
    exit 0
  fi
  [ "$difference" = "$before" ] && tries=$((tries + 10))
  before=$difference
  sleep 0.5
done
exit 0
"""


def load_hook() -> tuple[File, File]:
    """The program, and the drop-in by which systemd runs it after a start and for a reload."""
    return File(PROGRAM, _SCRIPT, mode="755"), File(DROP_IN, render("units/frr.service.conf", program=PROGRAM))
