"""Mode routed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import Field

from underlay.model.attachment import Attachment
from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.difference import in_words
from underlay.model.footprint import LinkKind, Traces
from underlay.model.node import Node
from underlay.model.packet_header import Header, ip
from underlay.model.prerequisites import Port, Prerequisites
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Status, Traits
from underlay.resources.file import File
from underlay.resources.kernel_module import KernelModule
from underlay.resources.resource import Resource
from underlay.resources.sysctl import Sysctl
from underlay.resources.unit import Unit
from underlay.templates import render

from .network import Network
from .pod_routes import routes_to_pods
from .pod_subnet import CONFLIST, PROTOCOL, STATIC_PROTOCOL, TEMPLATE, agent
from .unmanaged import unmanaged

_MASQUERADE = "/etc/underlay/masquerade.nft"
_ADDRESSES = "/var/lib/cni/networks/routed"
_MASQUERADE_UNIT = "underlay-masquerade.service"


class Routed(Network):
    """No plugin and no overlay: a bridge on each node, its subnet announced by BGP.

    The simplest network, at line rate: for racks whose routers peer with the nodes by BGP, or for one segment where
    the nodes peer with one another. None of it runs in the cluster. No network policy, no encryption.
    """

    data_path = "plain IP, routes learned by BGP"

    masquerade: bool = Field(
        True,
        description="source NAT to the node's address for traffic leaving the cluster; off if pods are routed outside",
    )

    tunnels: bool = Field(
        False, description="static routes lead through IPIP tunnels, as routers in between have no pod routes"
    )

    @property
    def traits(self) -> Traits:
        return Traits(status=Status.SUPPORTED, version="CNI plugins v1.9.1", reach=Reach.WITH_ROUTES, families=(4,))

    @property
    def routes(self) -> tuple[Routes, ...]:
        return (Routes.BGP, Routes.STATIC)

    @property
    def uses_host_tunnels(self) -> bool:
        return self.tunnels

    @property
    def peers_with_routers(self) -> bool:
        return True

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        return (ip(),) if self.tunnels else ()

    def problems(self, cluster: Cluster) -> list[str]:
        found = []
        if cluster.pod_subnet.version == 6 or cluster.dual_stack:
            what = "network.tunnels: IPIP carries" if self.tunnels else "network.mode: routed announces"
            found.append(f"{what} IPv4 only; remove the IPv6 subnets")
        if cluster.routes is Routes.STATIC:
            if len(cluster.racks) > 1 and not self.tunnels:
                found.append(
                    "network.mode: routed with static routes does not cross racks, whose routers have no pod routes "
                    f'(the nodes are in {", ".join(cluster.racks)}); set network.tunnels, or routes = "bgp"'
                )
            return found
        if self.tunnels:
            found.append(
                'network.tunnels: routes learned by BGP use no tunnels; set routes = "static", or remove tunnels'
            )
        if cluster.bgp is None:
            return [
                *found,
                "network.mode: routed needs BGP peers, and the inventory has no bgp; "
                'set bgp = {"as_number": …}, and put the routers of racks in the group routers',
            ]
        without = [r for r in cluster.racks if not cluster.bgp.routers_of(r)]
        if without and len(cluster.racks) > 1:
            found.append(
                f"network.mode: routed crosses racks through their routers, and {', '.join(without)} has none "
                f"(the nodes are in {', '.join(cluster.racks)}); put one in the group routers, or in bgp.peers"
            )
        if len(cluster.nodes) > 50 and not cluster.bgp.routers and not cluster.bgp.reflectors:
            found.append(
                f"network.mode: routed makes too many BGP sessions in a full mesh ({len(cluster.nodes)} nodes); "
                "name two nodes in bgp.reflectors, or add routers"
            )
        return found

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        template = {
            "cniVersion": "1.0.0",
            "name": "routed",
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": "cni0",
                    "isGateway": True,
                    "hairpinMode": True,
                    "mtu": self.pod_mtu(cluster),
                    "ipam": {"type": "host-local", "ranges": "@RANGES@", "routes": [{"dst": "0.0.0.0/0"}]},
                },
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        }
        text = json.dumps(template, indent=2).replace('"@RANGES@"', "[@RANGES@]") + "\n"
        return Prerequisites(
            resources=(
                *((KernelModule("ipip"),) if self.tunnels else ()),
                Sysctl("net.bridge.bridge-nf-call-iptables", "1"),
                File(TEMPLATE, text),
                unmanaged("cni0", *(("cni-ipip", "tunl0") if self.tunnels else ())),
                *(_masquerade(cluster) if self.masquerade else ()),
            ),
            ports=self._ports(cluster),
        )

    def _ports(self, cluster: Cluster) -> tuple[Port, ...]:
        if cluster.routes is Routes.STATIC:
            return (Port("ipip", 0, "tunnels of pod routes"),) if self.tunnels else ()
        bfd = (Port("udp", 3784, "BFD"),) if cluster.bgp and cluster.bgp.bfd else ()
        return (Port("tcp", 179, "BGP"), *bfd)

    def node_resources(self, cluster: Cluster, node: Node) -> tuple[Resource, ...]:
        return agent(node.name)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        if self.tunnels:
            return Wire(shows="ip proto 4", never=pods_in_the_clear(cluster))
        return Wire(shows=pods_in_the_clear(cluster), never="ip proto 4 or udp port 8472 or udp port 4789")

    @property
    def attachment(self) -> Attachment:
        return Attachment("cni0", _ADDRESSES)

    def is_own_route(self, cluster: Cluster, node: Node, route: Mapping[str, Any]) -> bool:
        return route.get("protocol") in (PROTOCOL, "bgp" if cluster.routes is Routes.BGP else STATIC_PROTOCOL)

    def checks(self, cluster: Cluster) -> list[Check]:
        judge = partial(_judge_routes, cluster)
        return [
            Check(f"pod routes, {cluster.routes.value}", n.name, "ip -json route show table main", partial(judge, n))
            for n in cluster.nodes
        ]

    def traces(self) -> Traces:
        return Traces(
            links=("cni0",),
            link_kinds=(LinkKind("cni0", ("bridge",), shared=True),),
            nft_tables=("ip underlay-masquerade",),
            files=(CONFLIST, TEMPLATE, _ADDRESSES),
            route_protocols=(PROTOCOL, STATIC_PROTOCOL, "bgp"),
        )


def _masquerade(cluster: Cluster) -> tuple[Resource, ...]:
    rules = f"""\
# Written by Underlay; changes are overwritten.
table ip underlay-masquerade
delete table ip underlay-masquerade
table ip underlay-masquerade {{
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    ip saddr {cluster.pod_subnet} ip daddr != {cluster.pod_subnet} oifname != "cni0" masquerade
  }}
}}
"""
    path = f"/etc/systemd/system/{_MASQUERADE_UNIT}"
    unit = render("units/masquerade.service", rules=_MASQUERADE)
    return (File(_MASQUERADE, rules), File(path, unit), Unit(_MASQUERADE_UNIT, watches=(_MASQUERADE, path)))


def _judge_routes(cluster: Cluster, node: Node, output: str) -> str | None:
    """A route to every other node's subnet by the configured protocol, and none by another."""
    protocol = "bgp" if cluster.routes is Routes.BGP else STATIC_PROTOCOL
    learned, others = set(), set()
    for route in routes_to_pods(output, cluster, 4):
        if route.get("protocol") == protocol:
            learned.add(route["dst"])
        elif route.get("dev") != "cni0" and route.get("protocol") != PROTOCOL:
            others.add(f"{route['dst']} proto {route.get('protocol', '?')}")
    if others:
        return f"pod routes by another protocol: {in_words(sorted(others))}"
    expected = len(cluster.nodes) - 1
    if len(learned) == expected:
        return None
    return f"{len(learned)} pod routes by {cluster.routes.value}, expected {expected}: {in_words(sorted(learned))}"
