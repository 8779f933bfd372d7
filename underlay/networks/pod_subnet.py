"""The agent that configures a node's pod subnet where no plugin does: a small unit, and the files it writes.

The cluster assigns a node its subnet when the node joins. The agent reads its own Node with the kubelet's
credentials, and follows changes.
"""

from __future__ import annotations

from underlay.resources.file import File
from underlay.resources.resource import Resource
from underlay.resources.unit import Unit
from underlay.templates import render

# For `ip route`: not used in /etc/iproute2/rt_protos, by FRR or by Calico.
PROTOCOL = "117"
# For the static routes to other nodes' pods.
STATIC_PROTOCOL = "118"
TEMPLATE = "/etc/underlay/cni.conflist"
CONFLIST = "/etc/cni/net.d/10-underlay.conflist"
UNIT = "underlay-pod-subnet.service"
_PROGRAM = "/usr/local/lib/underlay/pod-subnet"

_SCRIPT = f"""\
#!/bin/sh
# Written by Underlay. Keeps this node's pod subnets: a blackhole route below the bridge's own route, so that they are
# announced before a pod runs and packets to a deleted pod do not loop; and the CNI configuration, if there is a
# template for it.
set -u
node=$1 known= kubectl="kubectl --kubeconfig=/etc/kubernetes/kubelet.conf --cache-dir=/run/underlay/kubectl"
apply() {{
  for subnet in $(ip route show proto {PROTOCOL} | sed 's/^blackhole //; s/ .*//'); do
    case " $1 " in *" $subnet "*) ;; *) ip route del blackhole "$subnet" proto {PROTOCOL};; esac
  done
  ranges=
  for subnet in $1; do
    case $subnet in *:*) family=-6;; *) family=-4;; esac
    ip $family route replace blackhole "$subnet" proto {PROTOCOL} metric 4096 || return 1
    ranges="$ranges${{ranges:+, }}[{{\\"subnet\\": \\"$subnet\\"}}]"
  done
  [ -e {TEMPLATE} ] || return 0
  sed "s|@RANGES@|$ranges|" {TEMPLATE} >{CONFLIST}.new && mv -f {CONFLIST}.new {CONFLIST}
}}
while :; do
  subnets=$($kubectl get node "$node" -o 'jsonpath={{.spec.podCIDRs[*]}}' 2>/dev/null)
  if [ -n "$subnets" ] && [ "$subnets" != "$known" ]; then apply "$subnets" && known=$subnets; fi
  if [ -n "$known" ]; then sleep 60; else sleep 0.5; fi
done
"""


def agent(node: str) -> tuple[Resource, ...]:
    """The agent on a node: its program, its unit, and the unit enabled."""
    unit = render("units/pod-subnet.service", program=_PROGRAM, node=node)
    path = f"/etc/systemd/system/{UNIT}"
    return (
        File(_PROGRAM, _SCRIPT, mode="755"),
        File(path, unit),
        Unit(UNIT, watches=(_PROGRAM, path, TEMPLATE)),
    )
