"""The interface that every mode implements. A mode knows everything about itself and never contacts a host."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from underlay.model.addon import Addon
from underlay.model.attachment import Attachment
from underlay.model.bgp_view import Speaker
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

    The class docstring's first line says what the mode is; the rest when to choose it and at what cost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: ClassVar[str]
    data_path: ClassVar[str]
    """How a packet travels between nodes, in a few words."""
    retired_modes: ClassVar[Mapping[str, str]] = {}
    """Mode names of earlier releases or of other tools: name -> what to use instead, and since when."""
    retired_settings: ClassVar[Mapping[str, str]] = {}
    """Setting names of earlier releases or of other tools: name -> what replaces it."""

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Settings for documentation and tests, where the defaults alone cannot be deployed (a key is needed)."""
        return {}

    @property
    @abstractmethod
    def traits(self) -> Traits:
        """What people choose the mode by, as `underlay networks` lists it."""

    def problems(self, cluster: Cluster) -> list[str]:
        """Why this mode cannot work on this cluster, each as `<setting>: <what is wrong> (<what it is>); <remedy>`."""
        return []

    def outside_addresses(self) -> Mapping[str, IPv4Address | IPv6Address]:
        """Addresses outside the cluster that the settings state: what has it, in words -> the address."""
        return {}

    @property
    def needs_one_segment(self) -> bool:
        """Whether all nodes have to be on one L2 segment; preflight then measures it."""
        return False

    @property
    def routes(self) -> tuple[Routes, ...]:
        """Who can provide the routes to pod subnets on every hop, the default first."""
        return (Routes.PLUGIN,)

    @property
    def uses_host_tunnels(self) -> bool:
        """Whether static routes lead through IPIP tunnels that Underlay creates on the hosts."""
        return False

    def routed_peers(self, cluster: Cluster, node: Node) -> tuple[Node, ...]:
        """Nodes whose pods are reached by static routes of Underlay; the network installs the routes to all others."""
        return tuple(n for n in cluster.nodes if n != node)

    def node_resources(self, cluster: Cluster, node: Node) -> tuple[Resource, ...]:
        """What one node needs in addition to the prerequisites of every node."""
        return ()

    @property
    def own_plugins(self) -> tuple[str, ...]:
        """CNI reference plugins that the network installs on hosts itself, and that Underlay therefore does not."""
        return ()

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        """What every node needs before the network is installed, and the ports that the network uses between nodes."""
        return Prerequisites()

    @property
    def replaces_kube_proxy(self) -> bool:
        """Whether the plugin serves Services itself; kubeadm then installs no kube-proxy."""
        return False

    @property
    def peers_with_routers(self) -> bool:
        """Whether nodes speak BGP with routers outside the cluster."""
        return False

    def speaker(self, cluster: Cluster) -> Speaker | None:
        """The plugin's own BGP speaker on nodes; None where it has none."""
        return None

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        """Headers added to a pod's packet between the nodes that are farthest apart, outermost first."""
        return ()

    def overhead(self, cluster: Cluster) -> int:
        """Bytes by which a packet may grow between nodes; more than its headers where the plugin reserves more."""
        return sum(header.size for header in self.headers(cluster))

    def pod_mtu(self, cluster: Cluster) -> int:
        """The largest packet that a pod may send, in bytes."""
        return cluster.path_mtu - self.overhead(cluster)

    def link_mtu(self, cluster: Cluster) -> int:
        """MTU of a pod's link, in bytes; more than pod_mtu where the plugin sets a smaller MTU on the pod's route."""
        return self.pod_mtu(cluster)

    def addon(self, cluster: Cluster) -> Addon:
        """What is installed in the cluster: objects and charts, and the rollouts to wait for."""
        return Addon()

    def checks(self, cluster: Cluster) -> list[Check]:
        """Checks on the nodes that pass only where this mode, and no other, is in effect."""
        return []

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire | None:
        """The packets between two nodes while their pods communicate; None where a capture on a node cannot show it."""
        return None

    @property
    def attachment(self) -> Attachment | None:
        """How pods are attached to their node; None where another network cannot take them over."""
        return None

    def adoption(self, cluster: Cluster, subnets: tuple[str, ...]) -> str:
        """Shell that makes pods of another network with the same bridge known to the plugin, so that it can let them
        go; idempotent.

        :param subnets: the node's pod subnets.
        """
        return ""

    def is_own_route(self, cluster: Cluster, node: Node, route: Mapping[str, Any]) -> bool:
        """Whether a route of a node into the pod subnet, as `ip -json route` prints it, belongs to this network."""
        return True

    @property
    def carries_pods(self) -> bool:
        """Whether pods get addresses and reach one another; nodes stay NotReady without."""
        return True

    def follows_family(self, cluster: Cluster) -> bool:
        """Whether a pod's packet travels between the nodes' addresses of its own IP version, in a dual-stack cluster;
        otherwise all packets travel between the nodes' first addresses."""
        return True

    def gives_from_node_subnet(self, cluster: Cluster) -> bool:
        """Whether pods get their addresses from their node's pod subnet, which then bounds how many a node runs."""
        return self.carries_pods

    @property
    def nodes_reach_pods(self) -> bool:
        """Whether a node itself reaches pods of other nodes, which NodePorts and webhooks rely on."""
        return True

    def traces(self) -> Traces:
        """What the network leaves on a host, by which it is found and removed."""
        return Traces()
