"""Egress of namespaces through one node: on the others a rule and a route into the overlay, on the gateway source
NAT.

The route's next hop is the gateway's address in the overlay, which Calico assigns: it is read from the forwarding
entries that Felix installs. While there is none, packets to the outside are rejected, never sent by another path.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import in_words, member_difference
from underlay.model.node import Node
from underlay.resources.file import File
from underlay.resources.resource import Resource
from underlay.resources.unit import Unit
from underlay.templates import render

# Calico uses the tables 1 to 250, and rule 99.
TABLE = 4871
PRIORITY = 91
NFT_TABLE = "ip underlay-egress"
PROGRAM = "/usr/local/lib/underlay/egress"
UNIT = "underlay-egress.service"
_LINK = "vxlan.calico"

_HEAD = """\
#!/bin/sh
# Written by Underlay; changes are overwritten.
set -u
"""
_CLIENT = """\
clean() {{
  while ip -4 rule del priority {priority} 2>/dev/null; do :; done
  ip -4 route flush table {table} 2>/dev/null || true
}}
next_hop() {{
  mac=$(bridge fdb show dev {link} 2>/dev/null | sed -n 's/^\\([0-9a-f:]*\\) .*dst {gateway} .*/\\1/p' | head -n 1)
  [ -z "$mac" ] || ip -4 neigh show dev {link} | sed -n "s/^\\([0-9.]*\\) .*lladdr $mac .*/\\1/p" | head -n 1
}}
apply() {{
  via=$(next_hop)
  if [ -n "$via" ]; then ip -4 route replace default via "$via" dev {link} onlink table {table}
  else ip -4 route replace unreachable default table {table}; fi
}}
case ${{1-}} in clean) clean; exit;; esac
clean
ip -4 route replace unreachable default table {table}
for inside in {inside}; do ip -4 route replace throw "$inside" table {table}; done
for pool in {pools}; do ip -4 rule add from "$pool" lookup {table} priority {priority}; done
while :; do apply; sleep 5; done
"""
_GATEWAY = """\
clean() {{ nft delete table {nft} 2>/dev/null || true; ip -4 addr del {address}/32 dev "$dev" 2>/dev/null || true; }}
dev=$(ip -4 -o addr show to {own} | awk '{{print $2; exit}}')
case ${{1-}} in clean) clean; exit;; esac
ip -4 addr replace {address}/32 dev "$dev"
nft -f - <<'UNDERLAY_END'
table {nft}
delete table {nft}
table {nft} {{
  chain postrouting {{
    type nat hook postrouting priority srcnat - 1;
    ip saddr {{ {pools} }} ip daddr != {{ {inside} }} snat to {address}
  }}
}}
UNDERLAY_END
while :; do sleep 3600; done
"""


def resources(
    cluster: Cluster, node: Node, *, gateway: Node, address: str, pools: Sequence[str]
) -> tuple[Resource, ...]:
    """The program and its unit on a node.

    :param address: the source address of the pods outside the cluster.
    :param pools: subnets of the pods that leave through the gateway.
    """
    path = f"/etc/systemd/system/{UNIT}"
    text = script(cluster, node, gateway=gateway, address=address, pools=pools)
    return (
        File(PROGRAM, text, mode="755"),
        File(path, render("units/egress.service", program=PROGRAM)),
        Unit(UNIT, watches=(PROGRAM, path)),
    )


def script(cluster: Cluster, node: Node, *, gateway: Node, address: str, pools: Sequence[str]) -> str:
    """The program of a node: source NAT on the gateway, a rule and a route to it on all others."""
    inside = [str(cluster.pod_subnet), str(cluster.service_subnet), *(str(n.address) for n in cluster.nodes)]
    if node == gateway:
        body = _GATEWAY.format(
            nft=NFT_TABLE, own=gateway.address, address=address, pools=", ".join(pools), inside=", ".join(inside)
        )
    else:
        body = _CLIENT.format(
            link=_LINK,
            table=TABLE,
            priority=PRIORITY,
            gateway=gateway.address,
            pools=" ".join(pools),
            inside=" ".join(inside),
        )
    return _HEAD + body


def checks(cluster: Cluster, *, gateway: str, pools: Sequence[str]) -> list[Check]:
    """Whether each node has its part of the egress path."""
    found = []
    for node in cluster.nodes:
        if node.name == gateway:
            command, judge = f"nft list table {NFT_TABLE}", _judge_gateway
        else:
            command = f"ip -4 -json rule show priority {PRIORITY}; ip -4 -json route show table {TABLE} default"
            judge = partial(_judge_client, list(pools))
        found.append(Check("the egress path", node.name, command, judge))
    return found


def _judge_gateway(output: str) -> str | None:
    return None if "snat to" in output else f"table {NFT_TABLE} has no source NAT: {output.strip()}"


def _judge_client(pools: list[str], output: str) -> str | None:
    lines = output.strip().splitlines()
    rules, routes = json.loads(lines[0]), json.loads(lines[1])
    sources = [f"{r['src']}/{r['srclen']}" if "srclen" in r else r["src"] for r in rules]
    if wrong := member_difference(sources, pools):
        return f"rules that lead to the gateway: {wrong}"
    if any(r.get("dev") == _LINK for r in routes):
        return None
    found = in_words([r.get("type", r.get("dev")) for r in routes])
    return f"no route to the gateway through {_LINK}: packets to the outside are rejected (default route: {found})"
