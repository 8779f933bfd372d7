"""The settings that all Calico modes share."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Literal

from pydantic import Field, field_validator

from underlay.model.cluster import Cluster
from underlay.networks.network import Network

from .release import VERSIONS

Line = Literal["3.32", "3.33"]
PLANES = {"iptables": "Iptables", "nftables": "Nftables", "ebpf": "BPF"}


class CalicoSettings(Network):
    """What crosses modes: version, data plane, encryption, and what a site wants changed."""

    version: Line = Field("3.32", description="Calico's line; 3.33 has one image and leaves IPIP's routes to Felix")
    data_plane: Literal["auto", "iptables", "nftables", "ebpf"] = Field(
        "auto", description="auto is as kube-proxy: nftables or iptables; ebpf does without kube-proxy"
    )
    encryption: Literal["none", "wireguard"] = Field(
        "none", description="wireguard encrypts between nodes; a node without it stays in the clear"
    )
    nat_outgoing: bool = Field(True, description="pods leave the cluster under their node's address")
    block_size: int = Field(26, ge=20, le=32, description="prefix length of the blocks that nodes take of pod_subnet")
    api_server: bool = Field(True, description="serve projectcalico.org/v3 to kubectl, for Calico's own policies")
    egress: Literal["none", "namespace-pools", "node-addresses", "gateway-node"] = Field(
        "none", description="what stands in for Calico Enterprise's egress gateway, each with less than that delivers"
    )
    egress_pools: dict[str, IPv4Network] = Field(
        {},
        description="namespace -> range of its pods, in the upper half of pod_subnet (namespace-pools, gateway-node)",
    )
    egress_gateway: str = Field("", description="the node that their pods leave the cluster through (gateway-node)")
    egress_addresses: dict[str, IPv4Address] = Field(
        {}, description="node -> address its pods leave the cluster under (node-addresses, gateway-node)"
    )
    values: dict[str, dict[str, Any]] = Field(
        {}, description='fields of specs merged over ours, by kind: {"FelixConfiguration": {"logSeverityScreen": …}}'
    )

    @field_validator("values")
    @classmethod
    def _plain(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        try:
            return dict(json.loads(json.dumps(value, allow_nan=False)))
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError("it holds a value that is not plain data: text, numbers, lists, tables") from error

    @property
    def release_version(self) -> str:
        return VERSIONS[self.version]

    @property
    def encrypts(self) -> bool:
        return self.encryption == "wireguard"

    @property
    def ebpf(self) -> bool:
        return self.data_plane == "ebpf"

    def plane(self, cluster: Cluster) -> str:
        """The data plane, as a key of PLANES."""
        if self.data_plane != "auto":
            return self.data_plane
        return "nftables" if cluster.kube_proxy_mode == "nftables" else "iptables"
