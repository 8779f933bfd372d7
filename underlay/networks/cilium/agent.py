"""The bottom of all Cilium modes: the chart, and the values that no feature changes."""

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
from .paths import Path
from .versions import NEWEST, VERSIONS, Version, version_of

NAMESPACE = "kube-system"
CGROUP = "/run/cilium/cgroupv2"
HEALTH_PORT, HUBBLE_PORT = 4240, 4244


class Agent(Network):
    """Each feature's class is a layer over this one: it adds to what `chart_values`, `modules`, `ports` … of the
    layers below say."""

    retired_modes: ClassVar[Mapping[str, str]] = retired.MODES
    retired_settings: ClassVar[Mapping[str, str]] = retired.SETTINGS

    version: str = Field(NEWEST, description=f"version of Cilium: {' or '.join(VERSIONS)}, or one release of these")
    hubble: bool = Field(False, description="Hubble, which records every flow")
    values: dict[str, JsonValue] = Field({}, description="more values of the Helm chart, laid over those of the mode")

    @field_validator("version")
    @classmethod
    def _known(cls, value: str) -> str:
        version_of(value)
        return value

    @abstractmethod
    def path(self, cluster: Cluster) -> Path:
        """How packets get from node to node."""

    @property
    def release_facts(self) -> Version:
        return version_of(self.version)

    def base_mtu(self, cluster: Cluster) -> int:
        """What Cilium takes for the underlay's MTU, in bytes, and subtracts its own headers from."""
        return cluster.path_mtu - self.path(cluster).reserve

    def reserved(self, cluster: Cluster) -> int:
        """Bytes that the agent subtracts from the underlay's MTU for its own headers."""
        return sum(header.size for header in self.path(cluster).headers(cluster)) - self.path(cluster).reserve

    def chart_values(self, cluster: Cluster) -> dict[str, Any]:
        return {
            # Pods' addresses come from the subnet that Kubernetes gives the node, so that pod_subnet is the truth; the
            # chart's own pool is 10.0.0.0/8, which many an underlay is part of.
            "ipam": {"mode": "kubernetes"},
            "ipv4": {"enabled": 4 in cluster.families},
            "ipv6": {"enabled": 6 in cluster.families},
            "MTU": self.base_mtu(cluster),
            "bpf": {"autoMount": {"enabled": True}},
            "cgroup": {"autoMount": {"enabled": True}, "hostRoot": CGROUP},
            "sysctlfix": {"enabled": True},
            "envoy": {"enabled": True},
            "hubble": {"enabled": self.hubble},
            # Its replicas never share a node.
            "operator": {"replicas": min(2, len(cluster.nodes))},
            **self.path(cluster).values(cluster),
        }

    def modules(self, cluster: Cluster) -> tuple[str, ...]:
        return self.path(cluster).modules

    def options(self, cluster: Cluster) -> tuple[KernelOption, ...]:
        """What the kernel was built with, beside what every eBPF data plane needs."""
        return (*HASHES, *PROXY)

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        return (
            *self.path(cluster).ports,
            Port("tcp", HEALTH_PORT, "Cilium health"),
            Port("icmp", 0, "Cilium health"),
            *((Port("tcp", HUBBLE_PORT, "Hubble"),) if self.hubble else ()),
        )

    def links(self, cluster: Cluster) -> tuple[str, ...]:
        """Links that show this mode, of those that Cilium makes for some modes only."""
        return self.path(cluster).links

    def status(self, cluster: Cluster) -> dict[str, Any]:
        """What the agent has to say of itself, by the names of `status.seen`."""
        return {"version": self.release_facts.chart, "routing": self.path(cluster).status}
