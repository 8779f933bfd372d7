"""What makes it seen that somebody typed into FRR: a note of what it runs by, whenever it has loaded its file."""

from __future__ import annotations

from underlay.resources.file import File
from underlay.resources.loaded_config import Loaded
from underlay.templates import render

PROGRAM = "/usr/local/lib/underlay/frr-loaded"
DROP_IN = "/etc/systemd/system/frr.service.d/underlay.conf"

# Whether the kernel forwards is the kernel's affair, and no part of what was loaded.
loaded = Loaded("frr.service", r"vtysh -c 'show running-config' | grep -vE '^(no )?ip(v6)? forwarding$'")

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

# systemd takes a start for done when the daemons run; their configuration comes after. FRR's own comparison of what
# runs with the file says when it is there. Where that always finds something (a version that writes a line in another
# way) there is no note, and nothing is told.
# A reload, seen in FRR 10.3, switches IPv6 forwarding on where it was off: it takes away "no ipv6 forwarding", which
# zebra shows and no file has.
_SCRIPT = f"""\
#!/bin/sh
# Written by Underlay. Notes what FRR runs by as soon as it has loaded its file (noted), so that what somebody types
# into vtysh later is seen; has it load its file again (reload) and leaves IPv6 forwarding as it was.
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
# Cheaper than the comparison, and false for as long as the first part of a start goes on.
peers() {{ grep -c ' remote-as '; }}
{AWAKE}
before= tries=0
until [ $tries -ge 50 ]; do
  tries=$((tries + 1))
  [ "$(vtysh -c 'show running-config' | peers)" = "$(peers </etc/frr/frr.conf)" ] || {{ sleep 0.5; continue; }}
  awake || {{ tries=$((tries + 9)); continue; }}
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


def noting() -> tuple[File, File]:
    """The program and what has systemd run it."""
    return File(PROGRAM, _SCRIPT, mode="755"), File(DROP_IN, render("units/frr.service.conf", program=PROGRAM))
