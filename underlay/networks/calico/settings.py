"""The settings that all Calico modes share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Any, Literal

from pydantic import Field, field_validator

from underlay.model.cluster import Cluster
from underlay.networks.network import Network

from .release import VERSIONS

Line = Literal["3.32", "3.33"]
PLANES = {"iptables": "Iptables", "nftables": "Nftables", "ebpf": "BPF"}


class CalicoSettings(Network):
    """Settings of every mode: version, data plane, encryption, egress, additional values."""

    version: Line = Field(
        "3.33", description="line of Calico; 3.33 is the one tested with Kubernetes 1.37, and has fewer images"
    )
    data_plane: Literal["auto", "iptables", "nftables", "ebpf"] = Field(
        "auto", description="auto follows kube-proxy: nftables or iptables; ebpf replaces kube-proxy"
    )
    encryption: Literal["none", "wireguard"] = Field(
        "none", description="wireguard encrypts between nodes; traffic of a node without it is in the clear"
    )
    nat_outgoing: bool = Field(True, description="source NAT to the node's address for traffic leaving the cluster")
    block_size: int = Field(26, ge=20, le=32, description="prefix length of the blocks of pod_subnet that nodes take")
    api_server: bool = Field(True, description="serve projectcalico.org/v3 to kubectl, for Calico's network policies")
    egress: Literal["none", "namespace-pools", "node-addresses", "gateway-node"] = Field(
        "none", description="replacement of Calico Enterprise's egress gateway, with fewer features"
    )
    egress_pools: dict[str, IPv4Network] = Field(
        {},
        description="namespace -> range of its pods, in the upper half of pod_subnet (namespace-pools, gateway-node)",
    )
    egress_gateway: str = Field("", description="the node through which these pods leave the cluster (gateway-node)")
    egress_addresses: dict[str, IPv4Address] = Field(
        {}, description="node -> source address of its pods outside the cluster (node-addresses, gateway-node)"
    )
    values: dict[str, dict[str, Any]] = Field(
        {},
        description='fields merged over the mode\'s specs, by kind: {"FelixConfiguration": {"logSeverityScreen": …}}',
    )

    @field_validator("values")
    @classmethod
    def _plain(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        try:
            return dict(json.loads(json.dumps(value, allow_nan=False)))
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError("contains a value that is not plain data: text, numbers, lists, tables") from error

    def outside_addresses(self) -> Mapping[str, IPv4Address | IPv6Address]:
        return {f"the egress address of {node}": address for node, address in self.egress_addresses.items()}

    @property
    def release_version(self) -> str:
        """The exact version of Calico that is installed, e.g. "v3.33.1"."""
        return VERSIONS[self.version]

    @property
    def encrypts(self) -> bool:
        """Whether traffic between nodes is encrypted."""
        return self.encryption == "wireguard"

    @property
    def ebpf(self) -> bool:
        """Whether the data plane is eBPF, which replaces kube-proxy."""
        return self.data_plane == "ebpf"

    def plane(self, cluster: Cluster) -> str:
        """The data plane, as a key of PLANES."""
        if self.data_plane != "auto":
            return self.data_plane
        return "nftables" if cluster.kube_proxy_mode == "nftables" else "iptables"
