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
from underlay.model.difference import difference, member_difference
from underlay.model.node import Node
from underlay.model.packet_header import Header, ip, udp
from underlay.model.prerequisites import Port
from underlay.model.traits import Traits
from underlay.networks.pod_routes import subnet_of

from .checks import link_problem
from .flannel import Flannel
from .routes import ROUTES, address_of, whole_network

# What Flannel reserves, in bytes: an outer IPv6 header even over IPv4 (pkg/backend/wireguard/wireguard_network.go).
_RESERVED = 80
_PORT_V6 = 51821
_NO_ADDRESS = "(none)"
_SEPARATE = "separate"


class FlannelWireguard(Flannel):
    """WireGuard between nodes: every packet to pods of another node is encrypted.

    Choose it where the network between hosts is not trusted. Works across routers; costs 80 bytes per packet and the
    CPU time of encryption. Each node generates its own key and publishes the public key through the cluster. Linux has
    WireGuard since 5.6, but not every cloud kernel includes it.
    """

    data_path = "WireGuard between nodes"
    families: ClassVar[tuple[int, ...]] = (4, 6)
    registered: ClassVar[str] = "wireguard"

    port: int = Field(51820, gt=0, lt=2**16, description="UDP port of the tunnel")
    port_v6: int | None = Field(
        None, gt=0, lt=2**16, description="UDP port of the tunnel that carries IPv6, if separate; by default 51821"
    )
    tunnel: Literal["separate", "auto", "ipv4", "ipv6"] = Field(
        "separate", description="for dual stack: a tunnel per IP version, or one for both over IPv4, IPv6 or either"
    )
    psk: SecretStr | None = Field(
        None, description="pre-shared key in addition to the nodes' keys, as `wg genpsk` prints it; secret"
    )

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
            raise ValueError("a key has 32 bytes in base64; generate one with `wg genpsk`")
        return value

    @property
    def traits(self) -> Traits:
        return replace(super().traits, encryption="WireGuard", kernel_since=(5, 6))

    def problems(self, cluster: Cluster) -> list[str]:
        found = super().problems(cluster)
        single = len(cluster.families) == 1
        if self.tunnel != _SEPARATE and single:
            found.append(f"network.tunnel: applies to dual-stack clusters only (it is {self.tunnel}); remove it")
        if self.port_v6 is not None and not self._own_port_for_v6(cluster):
            found.append("network.port_v6: no separate tunnel carries IPv6 in this cluster; remove it")
        if cluster.families == (6,) and "port" in self.model_fields_set:
            found.append("network.port: the tunnel of an IPv6 cluster listens on port_v6; set port_v6 instead")
        if self.port == self._port_v6(cluster) and not single and self.tunnel == _SEPARATE:
            found.append(f"network.port_v6: the IPv4 tunnel has the same port (it is {self.port}); choose another")
        return found

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        backend = {
            "Type": "wireguard",
            "ListenPort": self.port,
            "ListenPortV6": self._port_v6(cluster),
            "Mode": self.tunnel,
            "MTU": cluster.path_mtu,
        }
        return backend | ({"PSK": self.psk.get_secret_value()} if self.psk else {})

    def _own_port_for_v6(self, cluster: Cluster) -> bool:
        return 6 in cluster.families and self.tunnel == _SEPARATE

    def _port_v6(self, cluster: Cluster) -> int:
        # With one tunnel flanneld listens on ListenPort, but announces ListenPortV6 to its peers for IPv6 (0.28.10).
        return (self.port_v6 or _PORT_V6) if self._own_port_for_v6(cluster) else self.port

    def modules(self) -> tuple[str, ...]:
        return ("wireguard",)

    def packages(self) -> tuple[str, ...]:
        """`wg`, for the checks; flanneld itself does not need it."""
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
                command = f"wg show {link} endpoints && wg show {link} allowed-ips"
                checks.append(Check(f"the peers of {link}", node.name, command, peers))
            for version in cluster.families:
                name = "the route to all pods" if version == 4 else "the IPv6 route to all pods"
                route = partial(self._judge_route, cluster, version)
                checks.append(Check(name, node.name, ROUTES[version], route))
        return checks

    def _judge_peers(self, cluster: Cluster, node: Node, link: str, output: str) -> str | None:
        """Every other node is a peer, with an endpoint of that node.

        A rebooted node has a new key, and flanneld on other nodes keeps the old one as a peer without allowed IPs
        (pkg/backend/wireguard of 0.28.10).
        """
        others = {n.name: self._endpoints(cluster, n, link) for n in cluster.nodes if n != node}
        missing, unexpected = set(others), []
        for endpoint, addresses in _peers(output):
            name = next((n for n, endpoints in others.items() if endpoint in endpoints), None)
            if name and addresses == _NO_ADDRESS:
                continue
            if name in missing:
                missing.remove(name)
            else:
                unexpected.append(endpoint)
        wrong = member_difference(unexpected, missing)
        return f"peers: {wrong}" if wrong else None

    def _endpoints(self, cluster: Cluster, node: Node, link: str) -> set[str]:
        if self.tunnel == _SEPARATE:
            versions: tuple[int, ...] = (6,) if link.endswith("v6") else (4,)
        else:
            versions = {"auto": (4, 6), "ipv4": (4,), "ipv6": (6,)}[self.tunnel]
        v4, v6 = address_of(node, 4), address_of(node, 6)
        return {f"{v4}:{self.port}" if v == 4 else f"[{v6}]:{self._port_v6(cluster)}" for v in versions}

    def _judge_route(self, cluster: Cluster, version: int, output: str) -> str | None:
        observed, expected = whole_network(output, cluster, version), list(self.links((version,)))
        wrong = difference({"link": observed}, {"link": expected})
        return f"route to {subnet_of(cluster, version)}: {wrong}" if wrong else None


def _peers(output: str) -> list[tuple[str, str]]:
    """Endpoint and allowed IPs of every peer; the output lists both by the peer's key."""
    found: dict[str, list[str]] = {}
    for line in output.splitlines():
        key, _, value = line.partition("\t")
        found.setdefault(key, []).append(value)
    return [(values[0], values[-1]) for values in found.values()]
