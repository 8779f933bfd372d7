"""What the findings about the network between hosts are drawn from: what was planned, measured and known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from underlay.model.cluster import Cluster
from underlay.networks.network import Network

from .measurements import Measurements
from .wire_plan import WirePlan


@dataclass(frozen=True)
class HostContext:
    """What is known of the hosts apart from the measurements.

    `firewalled` hosts run a firewall that the deploy opens; `hardware` is the MAC address of the link that has the
    node's address, by host; `stated` is whether path_mtu is given.
    """

    firewalled: Collection[str] = ()
    hardware: Mapping[str, str] = field(default_factory=dict)
    stated: bool = False


@dataclass(frozen=True)
class WireResult:
    """One probing of the network between the cluster's hosts."""

    cluster: Cluster
    network: Network
    plan: WirePlan
    measured: Measurements
    context: HostContext

    @cached_property
    def racks(self) -> Mapping[str, str]:
        """Host -> rack."""
        return {n.name: n.rack for n in self.cluster.nodes}

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        """Host -> the node's address."""
        return {n.name: str(n.address) for n in self.cluster.nodes}
