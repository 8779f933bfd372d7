"""The traffic a node has to accept: ports of Kubernetes and of the mode, and what is routed through the node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from underlay.model.cluster import Cluster
from underlay.model.node import Node, addresses_of
from underlay.model.prerequisites import Port
from underlay.networks.network import Network
from underlay.resources.firewall import Pass, protocol

# kubernetes.io/docs/reference/networking/ports-and-protocols
API = Port("tcp", 6443, "Kubernetes API", anyone=True)
CONTROL_PLANE = (Port("tcp", 10257, "kube-controller-manager"), Port("tcp", 10259, "kube-scheduler"))
ETCD = Port("tcp", 2379, "etcd", last=2380)
KUBELET = Port("tcp", 10250, "kubelet")
SERVICES = (
    Port("tcp", 30000, "Services of type NodePort", last=32767, anyone=True),
    Port("udp", 30000, "Services of type NodePort", last=32767, anyone=True),
    # Load balancers probe it for whether the node serves.
    Port("tcp", 10256, "health of kube-proxy", anyone=True),
)
# BGP, single-hop and multihop BFD: the ports that routers outside the cluster use too.
ROUTER_PORTS = (179, 3784, 4784)

Sources = tuple[str, ...]
ANYONE: Sources = ()


def listened(cluster: Cluster, network: Network, node: Node) -> tuple[tuple[str, int], ...]:
    """Protocol and port that Kubernetes or the mode listens on: nothing may listen there before the deploy.

    Ports of BGP and BFD are left out: the deploy's own speaker uses them before Kubernetes is installed.
    """
    served = (API, ETCD, KUBELET, *CONTROL_PLANE) if node.is_control_plane else (KUBELET,)
    own = (p for p in network.prerequisites(cluster).ports if p.number and p.number not in ROUTER_PORTS)
    return tuple((p.protocol, n) for p in (*served, *own) for n in range(p.number, (p.last or p.number) + 1))


def passes(cluster: Cluster, network: Network, node: Node) -> tuple[Pass, ...]:
    """What the firewall of a node has to accept, one IP version after the other."""
    versions = sorted({a.version for n in cluster.nodes for a in n.addresses})
    return tuple(p for version in versions for p in _of_family(cluster, network, node, version))


def _of_family(cluster: Cluster, network: Network, node: Node, family: int) -> Iterator[Pass]:
    nodes = addresses_of(cluster.nodes, family)
    pods, services = _subnets(cluster.pod_subnets, family), _subnets(cluster.service_subnets, family)
    yield Pass("input", family, sources=(*nodes, *pods), reply=True)
    traffic = traffic_to(cluster, network, node, family)
    yield from _merged(traffic, family)
    for hook in ("forward", "output"):
        if pods and hook == "forward":
            yield Pass(hook, family, sources=pods)
        if inside := (*(nodes if hook == "output" else ()), *pods, *services):
            yield Pass(hook, family, destinations=inside)
    yield Pass("output", family, protocol="tcp", ports=((cluster.api_port, cluster.api_port),))


def traffic_to(cluster: Cluster, network: Network, node: Node, family: int) -> list[tuple[Sources, Port]]:
    """The traffic to a node: from which addresses and subnets (ANYONE for a port that is open to all), and the port."""
    nodes, members = addresses_of(cluster.nodes, family), addresses_of(cluster.control_plane, family)
    pods = _subnets(cluster.pod_subnets, family)
    traffic: list[tuple[Sources, Port]] = [(ANYONE, port) for port in SERVICES]
    if node.is_control_plane:
        traffic += [(ANYONE, API), (members, ETCD), *((nodes, port) for port in CONTROL_PLANE)]
    # metrics-server and the like query the kubelet from a pod.
    traffic.append(((*nodes, *pods), KUBELET))
    for port in network.prerequisites(cluster).ports:
        routers = _routers(cluster, network, node, family) if port.number in ROUTER_PORTS else ()
        subnets = tuple(s for s in port.also_from if ip_network(s).version == family)
        traffic.append((ANYONE if port.anyone else _disjoint((*nodes, *routers), subnets), port))
    return traffic


def _merged(traffic: Sequence[tuple[Sources, Port]], family: int) -> Iterator[Pass]:
    """One Pass for all ports of the same sources and protocol."""
    merged: dict[tuple[Sources, str], list[tuple[int, int]]] = {}
    for sources, port in traffic:
        if not (sources or port.anyone):
            continue
        ranges = merged.setdefault((sources, protocol(port.protocol, family)), [])
        if port.number:
            ranges.append((port.number, port.last or port.number))
    for (sources, name), ranges in merged.items():
        yield Pass("input", family, sources, protocol=name, ports=tuple(sorted(set(ranges))))


def _disjoint(addresses: Sources, subnets: Sources) -> Sources:
    """The subnets, and the addresses outside them: a firewall's set must not have overlapping entries."""
    outside = (a for a in addresses if not any(ip_address(a) in ip_network(s) for s in subnets))
    return (*dict.fromkeys(outside), *subnets)


def _routers(cluster: Cluster, network: Network, node: Node, family: int) -> Sources:
    if cluster.bgp is None or not network.peers_with_routers:
        return ()
    return tuple(str(r.address) for r in cluster.bgp.routers_of(node.rack) if r.address.version == family)


def _subnets(subnets: Sequence[IPv4Network | IPv6Network], family: int) -> Sources:
    return tuple(str(s) for s in subnets if s.version == family)
