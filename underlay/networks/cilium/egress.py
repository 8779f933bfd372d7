"""Pods that leave the cluster through gateway nodes, with fixed source addresses."""

from __future__ import annotations

import json
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from underlay.model.addon import Object
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.prerequisites import Port
from underlay.model.values import merged

from .agent import Agent
from .data_path import Tunnel

_NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
ANYWHERE = IPv4Network("0.0.0.0/0")


class EgressPolicy(BaseModel):
    """Which pods leave through which node: a CiliumEgressGatewayPolicy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=_NAME, description="name of the policy")
    pods: dict[str, str] = Field({}, description="labels of the pods; empty for all")
    namespaces: dict[str, str] = Field({}, description="labels of their namespaces; empty for all")
    destinations: tuple[IPv4Network | IPv6Network, ...] = Field(
        (ANYWHERE,), min_length=1, description="destination subnets outside the cluster"
    )
    excluded: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="subnets of the destinations that are exempt"
    )
    gateway: str = Field(description="the node through which they leave")
    address: IPv4Address | IPv6Address | None = Field(
        None, description="their source address outside, which the gateway already has; by default that of its NIC"
    )

    def manifest(self) -> Object:
        """The policy as a Kubernetes object."""
        gateway: dict[str, Any] = {"nodeSelector": {"matchLabels": {"kubernetes.io/hostname": self.gateway}}}
        if self.address:
            gateway["egressIP"] = str(self.address)
        selector: dict[str, Any] = {"podSelector": {"matchLabels": self.pods} if self.pods else {}}
        if self.namespaces:
            selector["namespaceSelector"] = {"matchLabels": self.namespaces}
        excluded = {"excludedCIDRs": [str(s) for s in self.excluded]} if self.excluded else {}
        return {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumEgressGatewayPolicy",
            "metadata": {"name": self.name},
            "spec": {
                "selectors": [selector],
                "destinationCIDRs": [str(s) for s in self.destinations],
                **excluded,
                "egressGateway": gateway,
            },
        }


class Egress(Agent):
    """The egress gateway. With any data path there is a tunnel to the gateway, and the pod MTU allows for it."""

    egress_gateway: bool = Field(False, description="egress gateway: selected pods leave through gateway nodes")
    egress_policies: tuple[EgressPolicy, ...] = Field((), description="which pods leave through which node")
    tunnel_port: int = Field(
        0, ge=0, lt=2**16, description="UDP port of the tunnel; 0 for the default (8472, Geneve 6081)"
    )

    def own_tunnel(self, cluster: Cluster) -> Tunnel | None:
        """The tunnel to gateways, where the data path has none."""
        if not self.egress_gateway or isinstance(self.path(cluster), Tunnel):
            return None
        return Tunnel("vxlan", self.tunnel_port)

    def reserved(self, cluster: Cluster) -> int:
        own = self.own_tunnel(cluster)
        # pkg/egressgateway/cell.go of v1.20.2: tunnel.NewEnabler(true), which includes the MTU.
        return super().reserved(cluster) + (sum(h.size for h in own.headers(cluster)) if own else 0)

    def chart_values(self, cluster: Cluster) -> dict[str, Any]:
        own = self.own_tunnel(cluster)
        values = {"egressGateway": {"enabled": self.egress_gateway}, **(own.protocol_values() if own else {})}
        return merged(super().chart_values(cluster), values)

    def modules(self, cluster: Cluster) -> tuple[str, ...]:
        own = self.own_tunnel(cluster)
        return (*super().modules(cluster), *(own.modules if own else ()))

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        own = self.own_tunnel(cluster)
        return (*(own.ports if own else ()), *super().ports(cluster))

    def links(self, cluster: Cluster) -> tuple[str, ...]:
        own = self.own_tunnel(cluster)
        return (*super().links(cluster), *(own.links if own else ()))

    def egress_objects(self) -> tuple[Object, ...]:
        """The policies as objects, applied after the chart."""
        return tuple(policy.manifest() for policy in self.egress_policies)

    def egress_checks(self, cluster: Cluster) -> list[Check]:
        """Each gateway has the address of its policy: it drops packets with a source address that it does not have."""
        return [
            Check(
                f"address of egress policy {p.name}", p.gateway, "ip -json addr show", partial(_judge, str(p.address))
            )
            for p in self.egress_policies
            if p.address
        ]


def _judge(address: str, output: str) -> str | None:
    addresses = [a.get("local") for link in json.loads(output) for a in link.get("addr_info", ())]
    return None if address in addresses else f"{address} is on no link: packets with this source address are dropped"
