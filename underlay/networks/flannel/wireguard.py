"""Mode flannel-wireguard."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.packet_header import Header, ip, udp
from underlay.model.prerequisites import Port
from underlay.model.traits import Traits

from .checks import link_problem
from .flannel import Flannel
from .routes import ROUTES, address_of, whole_network

# What Flannel reserves: an IPv6 header around, even where IPv4 is (pkg/backend/wireguard/wireguard_network.go).
_RESERVED = 80
_PORT_V6 = 51821
_NO_ADDRESS = "(none)"
_SEPARATE = "separate"


class FlannelWireguard(Flannel):
    """WireGuard between nodes: every packet that leaves a node for another's pods is encrypted.

    To choose where the network between hosts is not trusted. Works across routers, costs 80 bytes a packet and the
    CPU of its cipher; keys are made by each node and told through the cluster. Linux 5.6 has it, but not every cloud
    kernel does.
    """

    data_path = "WireGuard between nodes"
    families: ClassVar[tuple[int, ...]] = (4, 6)
    registered: ClassVar[str] = "wireguard"

    port: int = Field(51820, gt=0, lt=2**16, description="UDP port of the tunnel")
    port_v6: int | None = Field(
        None, gt=0, lt=2**16, description="UDP port of the tunnel that carries IPv6, where it is one of its own; 51821"
    )
    tunnel: Literal["separate", "auto", "ipv4", "ipv6"] = Field(
        "separate", description="dual stack: one tunnel for each family, or one for both, over IPv4, IPv6 or either"
    )
    psk: SecretStr | None = Field(None, description="a key beside those of the nodes, as `wg genpsk` makes it")

    @field_validator("psk")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return value
        try:
            whole = len(base64.b64decode(value.get_secret_value(), validate=True)) == 32
        except (binascii.Error, ValueError):
            whole = False
        if not whole:
            raise ValueError("32 bytes in base64 are needed; make them with `wg genpsk`")
        return value

    @property
    def traits(self) -> Traits:
        return replace(super().traits, encryption="WireGuard", kernel_since=(5, 6))

    def problems(self, cluster: Cluster) -> list[str]:
        found = super().problems(cluster)
        single = len(cluster.families) == 1
        if self.tunnel != _SEPARATE and single:
            found.append(f"network.tunnel: {self.tunnel} is for dual stack, and this cluster is not; leave it out")
        if self.port_v6 is not None and not self._own_port_for_v6(cluster):
            found.append("network.port_v6: no tunnel of its own carries IPv6 here; leave it out")
        if cluster.families == (6,) and "port" in self.model_fields_set:
            found.append("network.port: the tunnel of an IPv6 cluster listens on port_v6; set that one")
        if self.port == self._port_v6(cluster) and not single and self.tunnel == _SEPARATE:
            found.append(f"network.port_v6: {self.port} is the other tunnel's port too; choose another")
        return found

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        made = {
            "Type": "wireguard",
            "ListenPort": self.port,
            "ListenPortV6": self._port_v6(cluster),
            "Mode": self.tunnel,
            "MTU": cluster.path_mtu,
        }
        return made | ({"PSK": self.psk.get_secret_value()} if self.psk else {})

    def _own_port_for_v6(self, cluster: Cluster) -> bool:
        return 6 in cluster.families and self.tunnel == _SEPARATE

    def _port_v6(self, cluster: Cluster) -> int:
        # With one tunnel flanneld listens on ListenPort alone, and tells its peers ListenPortV6 for IPv6 (0.28.10).
        return (self.port_v6 or _PORT_V6) if self._own_port_for_v6(cluster) else self.port

    def modules(self) -> tuple[str, ...]:
        return ("wireguard",)

    def packages(self) -> tuple[str, ...]:
        """For the checks; flanneld itself needs none."""
        return ("wireguard-tools",)

    @property
    def has_key(self) -> bool:
        return self.psk is not None

    def links(self, families: tuple[int, ...] = (4, 6)) -> tuple[str, ...]:
        if self.tunnel != _SEPARATE:
            return ("flannel-wg",)
        return tuple("flannel-wg" if version == 4 else "flannel-wg-v6" for version in families)

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        if cluster.families == (6,):
            return (Port("udp", self._port_v6(cluster), "flannel WireGuard"),)
        first = Port("udp", self.port, "flannel WireGuard")
        return (first, *([self._second(cluster)] if self._own_port_for_v6(cluster) else []))

    def _second(self, cluster: Cluster) -> Port:
        return Port("udp", self._port_v6(cluster), "flannel WireGuard over IPv6")

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        version = max(cluster.families) if self.tunnel != "ipv4" else 4
        port = self._port_v6(cluster) if version == 6 else self.port
        return (ip(version), udp(port), Header("WireGuard", 32, "encrypted from here on"))

    def overhead(self, cluster: Cluster) -> int:
        return _RESERVED

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        ports = dict.fromkeys(p.number for p in self.ports(cluster))
        return Wire(shows=" or ".join(f"udp port {p}" for p in ports), never=pods_in_the_clear(cluster))

    def checks(self, cluster: Cluster) -> list[Check]:
        checks = super().checks(cluster)
        for node in cluster.nodes:
            for link in self.links(cluster.families):
                judge = partial(link_problem, kind="wireguard", mtu=self.pod_mtu(cluster))
                checks.append(Check(f"the link {link}", node.name, f"ip -json -details link show {link}", judge))
                # Never `wg show … dump`: it prints the keys.
                peers = partial(self._judge_peers, cluster, node, link)
                asked = f"wg show {link} endpoints && wg show {link} allowed-ips"
                checks.append(Check(f"the peers of {link}", node.name, asked, peers))
            for version in cluster.families:
                name = "the route to all pods" if version == 4 else "the IPv6 route to all pods"
                route = partial(self._judge_route, cluster, version)
                checks.append(Check(name, node.name, ROUTES[version], route))
        return checks

    def _judge_peers(self, cluster: Cluster, node: Node, link: str, output: str) -> str | None:
        """Every other node is a peer, at an address that it may be reached by.

        A node that booted has a new key, and flanneld elsewhere leaves the old one a peer that no address leads to
        (pkg/backend/wireguard of 0.28.10).
        """
        others = {n.name: self._endpoints(cluster, n, link) for n in cluster.nodes if n != node}
        left, unknown = set(others), []
        for endpoint, addresses in _peers(output):
            name = next((n for n, endpoints in others.items() if endpoint in endpoints), None)
            if name and addresses == _NO_ADDRESS:
                continue
            if name in left:
                left.remove(name)
            else:
                unknown.append(endpoint)
        told = [f"{', '.join(sorted(left))} is no peer"] if left else []
        told += [f"{', '.join(sorted(unknown))} is a peer and no node's"] if unknown else []
        return "; ".join(told) or None

    def _endpoints(self, cluster: Cluster, node: Node, link: str) -> set[str]:
        if self.tunnel == _SEPARATE:
            versions: tuple[int, ...] = (6,) if link.endswith("v6") else (4,)
        else:
            versions = {"auto": (4, 6), "ipv4": (4,), "ipv6": (6,)}[self.tunnel]
        v4, v6 = address_of(node, 4), address_of(node, 6)
        return {f"{v4}:{self.port}" if v == 4 else f"[{v6}]:{self._port_v6(cluster)}" for v in versions}

    def _judge_route(self, cluster: Cluster, version: int, output: str) -> str | None:
        wanted, seen = list(self.links((version,))), whole_network(output, cluster, version)
        return None if seen == wanted else f"the route to all pods leads to {seen}, not {wanted}"


def _peers(output: str) -> list[tuple[str, str]]:
    """Endpoint and addresses of every peer; both are told by its key."""
    found: dict[str, list[str]] = {}
    for line in output.splitlines():
        key, _, told = line.partition("\t")
        found.setdefault(key, []).append(told)
    return [(told[0], told[-1]) for told in found.values()]
