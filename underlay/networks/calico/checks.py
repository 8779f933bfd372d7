"""Checks on the nodes that a Calico mode, and no other, is in effect."""

from __future__ import annotations

from functools import partial

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.routes import Routes
from underlay.resources.api_server import KUBECTL

from . import bird, judges, routes
from .installation import pool_modes
from .mode import CalicoMode, addresses
from .wireguard_link import NAMES, PORTS

LINKS = "ip -json -details address show"
# Felix names its tables as it likes; the checks are that they exist.
_PLANES = {
    "nftables": "nft list tables",
    "iptables": "{ iptables-nft-save; iptables-legacy-save; } 2>/dev/null | grep -c '^:cali-' || true",
    "ebpf": "ip -o link show type veth | grep -o 'bpf[a-z]*.cali' | sort -u",
}


def shared_checks(network: CalicoMode, cluster: Cluster) -> list[Check]:
    """Checks of every mode: on each node, and what only the API knows on the first."""
    found = [check for node in cluster.nodes for check in _of_node(network, cluster, node)]
    return [*found, *_of_cluster(network, cluster)]


def _of_node(network: CalicoMode, cluster: Cluster, node: Node) -> list[Check]:
    plane = network.plane(cluster)
    found = [
        Check("the mode's links, and no other's", node.name, LINKS, partial(judges.links, network, cluster)),
        Check("the data plane", node.name, _PLANES[plane], partial(judges.plane, plane)),
    ]
    others = [n for n in cluster.nodes if n != node]
    for version in cluster.families:
        family = f" (IPv{version})" if len(cluster.families) > 1 else ""
        if not network.encrypts and cluster.routes not in (Routes.BGP, Routes.STATIC):
            judge = partial(_routes, network, cluster, node, version)
            found.append(
                Check(f"routes to the pods of other nodes{family}", node.name, routes.COMMANDS[version], judge)
            )
        if network.overlay and network.overlay.encapsulation == "VXLAN" and not network.ebpf:
            link = network.overlay.links[version]
            judge = partial(judges.forwarding, link, addresses(others, version))
            found.append(
                Check(f"the overlay's neighbours{family}", node.name, f"bridge -json fdb show dev {link}", judge)
            )
        if network.encrypts:
            judge = partial(judges.encrypted, NAMES[version], PORTS[version], addresses(others, version))
            command = f"wg show {NAMES[version]} endpoints"
            found.append(Check(f"WireGuard with every other node{family}", node.name, command, judge))
        if network.speaks_bgp(cluster):
            judge = partial(_sessions, network.neighbours(cluster, node, version))
            found.append(Check(f"BGP sessions{family}", node.name, bird.COMMANDS[version], judge))
    if not network.speaks_bgp(cluster):
        found.append(Check("no BGP", node.name, bird.RUNNING, bird.judge_absent))
    return found


def _of_cluster(network: CalicoMode, cluster: Cluster) -> list[Check]:
    """What only the API knows, checked once."""
    if not cluster.control_plane:
        return []
    first = cluster.first.name
    modes = {**pool_modes(network), "natOutgoing": network.nat_outgoing}
    found = [
        Check(
            "the operator is Available",
            first,
            f"{KUBECTL} get tigerastatuses.operator.tigera.io calico -o json",
            judges.available,
        ),
        Check(
            "the address pools",
            first,
            f"{KUBECTL} get ippools.crd.projectcalico.org -o json",
            partial(judges.pools, {str(subnet): modes for subnet in network.pools(cluster)}),
        ),
    ]
    if spec := network.felix_spec(cluster):
        command = f"{KUBECTL} get felixconfigurations.crd.projectcalico.org default -o json"
        found.append(Check("Felix's configuration", first, command, partial(judges.holds, spec)))
    if network.encrypts:
        names = frozenset(n.name for n in cluster.nodes)
        annotations = [judges.KEYS[v] for v in cluster.families]
        judge = partial(judges.keys, names, annotations)
        found.append(Check("a WireGuard key of every node", first, f"{KUBECTL} get nodes -o json", judge))
    return found


def _routes(network: CalicoMode, cluster: Cluster, node: Node, version: int, output: str) -> str | None:
    others = [n for n in cluster.nodes if n != node]
    overlay = network.overlay
    if overlay is None:
        hops = network.next_hops(cluster, node, version)
        expected = routes.ExpectedRoutes(direct=hops, routers=hops - addresses(others, version))
    else:
        behind = [n for n in others if network.tunnelled(node, n)]
        direct = [n for n in others if n not in behind]
        expected = routes.ExpectedRoutes(
            direct=addresses(direct, version),
            all_direct=True,
            tunnel=overlay.links[version],
            behind=addresses(behind, version) if overlay.gateways_are_nodes else len(behind),
        )
    return routes.judge(expected, routes.hops(output, cluster, version))


def _sessions(expected: dict[str, int], output: str) -> str | None:
    return bird.judge(expected, bird.sessions(output))
