"""The contract every mode fulfils. A mode knows everything about itself and touches no host."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from underlay.model.addon import Addon
from underlay.model.capture import Wire
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.footprint import Traces
from underlay.model.node import Node
from underlay.model.packet_header import Header
from underlay.model.prerequisites import Prerequisites
from underlay.model.routes import Routes
from underlay.model.traits import Traits
from underlay.resources.resource import Resource


class Network(BaseModel):
    """A mode's settings are its fields: type, default, bounds, and `description` as the manual.

    The class docstring's first line says what the mode is; the rest when to choose it and at what price.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: ClassVar[str]
    data_path: ClassVar[str]
    """How a packet travels between nodes, in a few words."""
    retired_modes: ClassVar[Mapping[str, str]] = {}
    """Mode names that people know and that are out of date: name -> what to use instead, and since when."""
    retired_settings: ClassVar[Mapping[str, str]] = {}
    """Setting names of earlier versions: name -> what became of it."""

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Settings to show the mode with, where its defaults alone cannot be deployed (a key is needed)."""
        return {}

    @property
    @abstractmethod
    def traits(self) -> Traits: ...

    def problems(self, cluster: Cluster) -> list[str]:
        """What cannot work, each as `<setting>: <what is wrong>; <remedy>`; empty when all is well."""
        return []

    @property
    def needs_one_segment(self) -> bool:
        """Whether all nodes have to be on one L2 segment; preflight then measures it."""
        return False

    @property
    def routes(self) -> tuple[Routes, ...]:
        """Who can tell every hop where the pod subnets live, the default first."""
        return (Routes.PLUGIN,)

    @property
    def lays_tunnels(self) -> bool:
        """Whether static routes lead through IPIP tunnels that we lay on the hosts."""
        return False

    def routed_peers(self, cluster: Cluster, node: Node) -> tuple[Node, ...]:
        """Nodes to whose pods static routes of ours lead; to all others the network lays its own."""
        return tuple(n for n in cluster.nodes if n != node)

    def node_resources(self, cluster: Cluster, node: Node) -> tuple[Resource, ...]:
        """What one node has to have beside what every node has."""
        return ()

    @property
    def own_plugins(self) -> tuple[str, ...]:
        """CNI plugins of the usual set that the network puts on hosts itself: ours would be overwritten by its."""
        return ()

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        return Prerequisites()

    @property
    def replaces_kube_proxy(self) -> bool:
        """Whether the plugin serves Services itself; kubeadm then lays no kube-proxy down."""
        return False

    @property
    def peers_with_routers(self) -> bool:
        """Whether nodes speak BGP with routers outside the cluster."""
        return False

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        """What stands before a pod's packet between nodes that are farthest apart, outermost first."""
        return ()

    def overhead(self, cluster: Cluster) -> int:
        """Bytes that a packet may grow by between nodes; more than its headers where the plugin keeps a reserve."""
        return sum(header.size for header in self.headers(cluster))

    def pod_mtu(self, cluster: Cluster) -> int:
        """The largest packet, in bytes, that a pod may send."""
        return cluster.path_mtu - self.overhead(cluster)

    def link_mtu(self, cluster: Cluster) -> int:
        """MTU of a pod's link; more than pod_mtu where the plugin takes its headers off the pod's route."""
        return self.pod_mtu(cluster)

    def addon(self, cluster: Cluster) -> Addon:
        return Addon()

    def checks(self, cluster: Cluster) -> list[Check]:
        """What shows that this mode, and no other, is in effect."""
        return []

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire | None:
        """What passes between two nodes while their pods talk; None where a capture on a node cannot tell."""
        return None

    @property
    def carries_pods(self) -> bool:
        """Whether pods get an address and reach one another; without that, nodes stay NotReady."""
        return True

    @property
    def nodes_reach_pods(self) -> bool:
        """Whether a node itself reaches pods of other nodes, as NodePorts and webhooks have to."""
        return True

    def traces(self) -> Traces:
        return Traces()
