"""Static routes on every host: to each other node's pods by that node's address, or through a tunnel to it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.pod_subnet import STATIC_PROTOCOL as PROTOCOL
from underlay.resources.file import File
from underlay.resources.resource import Resource
from underlay.resources.unit import Unit
from underlay.templates import render

# Agents that detect the hosts' own links ignore names with this prefix.
TUNNEL = "cni-ipip"
LIST = "/etc/underlay/pod-routes"
UNIT = "underlay-pod-routes.service"
_PROGRAM = "/usr/local/lib/underlay/pod-routes"

_SCRIPT = f"""\
#!/bin/sh
# Written by Underlay. Installs the routes that {LIST} lists ("SUBNET ADDRESS", a line each), and removes those of
# former nodes. With a tunnel's own address and MTU in the first line they lead through an IPIP tunnel.
set -eu
own= mtu=
while read -r first second _; do [ "$first" != tunnel ] || {{ own=${{second%,*}}; mtu=${{second#*,}}; }}; done <{LIST}
if [ -n "$own" ]; then
  # No address: plugins that detect the hosts' own links ignore a link without one. Linux would add an IPv6 address.
  ip link show {TUNNEL} >/dev/null 2>&1 || ip link add {TUNNEL} type ipip local "$own" remote any ttl 64
  ip link set {TUNNEL} addrgenmode none 2>/dev/null || true
  ip -6 address flush dev {TUNNEL} 2>/dev/null || true
  ip link set {TUNNEL} up mtu "$mtu"
  echo 0 >/proc/sys/net/ipv4/conf/{TUNNEL}/rp_filter
else
  ip link del {TUNNEL} 2>/dev/null || true
fi
keep=' '
while read -r subnet address _; do
  case $subnet in tunnel|'#'*) continue;; esac
  if [ -n "$own" ]; then ip route replace "$subnet" via "$address" dev {TUNNEL} onlink proto {PROTOCOL}
  else ip route replace "$subnet" via "$address" proto {PROTOCOL}; fi
  keep="$keep$subnet "
done <{LIST}
ip route show proto {PROTOCOL} | while read -r subnet _; do
  case $keep in *" $subnet "*) ;; *) ip route del "$subnet" proto {PROTOCOL};; esac
done
"""


def of_node(
    cluster: Cluster, node: Node, subnets: Mapping[str, frozenset[str]], *, tunnels: bool
) -> tuple[Resource, ...]:
    """What a node needs for its routes; nothing while no node has a subnet.

    :param subnets: node name -> its pod subnets, as the cluster has them now.
    :param tunnels: whether the routes lead through IPIP tunnels, for routers in between without routes to pods.
    """
    if not subnets:
        return ()
    path = f"/etc/systemd/system/{UNIT}"
    return (
        File(_PROGRAM, _SCRIPT, mode="755"),
        File(LIST, _list(cluster, node, subnets, tunnels=tunnels)),
        File(path, render("units/pod-routes.service", program=_PROGRAM)),
        Unit(UNIT, watches=(_PROGRAM, LIST, path)),
    )


def _list(cluster: Cluster, node: Node, subnets: Mapping[str, frozenset[str]], *, tunnels: bool) -> str:
    lines = ["# Written by Underlay; changes are overwritten."]
    if tunnels:
        lines.append(f"tunnel {node.address},{cluster.path_mtu - 20}")
    for other in cluster.nodes:
        if other != node:
            lines += [f"{s} {other.address}" for s in sorted(subnets.get(other.name, ())) if ip_network(s).version == 4]
    return "\n".join([*lines, ""])
