"""Checksum and segmentation offload below tunnels, switched off on the node's link and kept off."""

from __future__ import annotations

from underlay.model.node import Node
from underlay.resources.file import File
from underlay.resources.resource import Resource
from underlay.resources.unit import Unit
from underlay.templates import render

NAME = "underlay-offload.service"
UNIT = f"/etc/systemd/system/{NAME}"
PROGRAM = "/usr/local/lib/underlay/offload"
FEATURES = ("tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation", "tx-checksum-ip-generic")

# Where a NIC has a feature fixed to on, the unit fails and reports it; fixed to off is as intended.
_PROGRAM = f"""\
#!/bin/sh
set -eu
link=$(ip -o address show to "$1" | awk '{{print $2; exit}}')
[ -n "$link" ] || {{ echo "no link has the address $1" >&2; exit 1; }}
for feature in {" ".join(FEATURES)}; do
  case $(ethtool --show-features "$link" | grep "^[[:space:]]*$feature:") in
    *" on"*) ethtool --features "$link" "$feature" off;;
  esac
done
"""


def without_offload(node: Node) -> tuple[Resource, ...]:
    """A oneshot unit that switches it off at every boot, before the kubelet starts."""
    unit = render("units/offload.service", program=PROGRAM, address=node.address)
    return File(PROGRAM, _PROGRAM, mode="755"), File(UNIT, unit), Unit(NAME, watches=(PROGRAM, UNIT))
