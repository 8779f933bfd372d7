"""The base of all Cilium modes: the chart, and the values that no feature changes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, JsonValue, field_validator

from underlay.model.cluster import Cluster
from underlay.model.prerequisites import Port
from underlay.networks.ebpf import HASHES, PROXY
from underlay.networks.network import Network
from underlay.resources.kernel_option import KernelOption

from . import retired
from .data_path import DataPath
from .versions import NEWEST, VERSIONS, Version, version_of

NAMESPACE = "kube-system"
CGROUP = "/run/cilium/cgroupv2"
HEALTH_PORT, HUBBLE_PORT = 4240, 4244


class Agent(Network):
    """The agent without features. The class of each feature extends this one, and adds to its `chart_values`,
    `modules`, `ports` and so on."""

    retired_modes: ClassVar[Mapping[str, str]] = retired.MODES
    retired_settings: ClassVar[Mapping[str, str]] = retired.SETTINGS

    version: str = Field(NEWEST, description=f"version of Cilium: {' or '.join(VERSIONS)}, or one release of these")
    hubble: bool = Field(False, description="Hubble, which records all flows")
    values: dict[str, JsonValue] = Field(
        {}, description="additional values of the Helm chart, merged over those of the mode"
    )

    @field_validator("version")
    @classmethod
    def _known(cls, value: str) -> str:
        version_of(value)
        return value

    @abstractmethod
    def path(self, cluster: Cluster) -> DataPath:
        """The data path between nodes."""

    @property
    def release_facts(self) -> Version:
        """What depends on the configured version of Cilium."""
        return version_of(self.version)

    def base_mtu(self, cluster: Cluster) -> int:
        """The MTU that Cilium is configured with, in bytes, and subtracts its own headers from."""
        return cluster.path_mtu - self.path(cluster).reserve

    def reserved(self, cluster: Cluster) -> int:
        """Bytes that the agent subtracts from that MTU for its own headers."""
        return sum(header.size for header in self.path(cluster).headers(cluster)) - self.path(cluster).reserve

    def chart_values(self, cluster: Cluster) -> dict[str, Any]:
        """Values of the Helm chart, nested as the chart has them."""
        return {
            # Pods' addresses come from the subnet that Kubernetes assigns to the node, so that pod_subnet applies; the
            # chart's default pool is 10.0.0.0/8, which many underlying networks are part of.
            "ipam": {"mode": "kubernetes"},
            "ipv4": {"enabled": 4 in cluster.families},
            "ipv6": {"enabled": 6 in cluster.families},
            "MTU": self.base_mtu(cluster),
            "bpf": {"autoMount": {"enabled": True}},
            "cgroup": {"autoMount": {"enabled": True}, "hostRoot": CGROUP},
            "sysctlfix": {"enabled": True},
            "envoy": {"enabled": True},
            "hubble": {"enabled": self.hubble},
            # Each replica needs a node of its own.
            "operator": {"replicas": min(2, len(cluster.nodes))},
            **self.path(cluster).values(cluster),
        }

    def modules(self, cluster: Cluster) -> tuple[str, ...]:
        """Kernel modules that every node loads."""
        return self.path(cluster).modules

    def options(self, cluster: Cluster) -> tuple[KernelOption, ...]:
        """Kernel options in addition to those that every eBPF data plane needs."""
        return (*HASHES, *PROXY)

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        """Ports between nodes."""
        return (
            *self.path(cluster).ports,
            Port("tcp", HEALTH_PORT, "Cilium health"),
            Port("icmp", 0, "Cilium health"),
            *((Port("tcp", HUBBLE_PORT, "Hubble"),) if self.hubble else ()),
        )

    def links(self, cluster: Cluster) -> tuple[str, ...]:
        """The links of this mode, of those that Cilium makes in some modes only."""
        return self.path(cluster).links

    def status(self, cluster: Cluster) -> dict[str, Any]:
        """What the agent has to report, by the names of `status.observed_status`."""
        return {"version": self.release_facts.chart, "routing": self.path(cluster).status}
