"""What a capture between two nodes has to show of a path, as filters of pcap."""

from __future__ import annotations

from underlay.model.capture import Wire
from underlay.model.cluster import Cluster
from underlay.model.packet_header import ip
from underlay.networks.network import Network

from .paths import PodPath

_PCAP = {4: "ip", 6: "ip6"}
_VARIABLES = ("shows", "never", "never_sent", "secret", "between", "at")


def expected_wire(network: Network, cluster: Cluster, path: PodPath) -> Wire | None:
    """What a capture between the path's nodes has to show; None on one node, or where a capture cannot tell."""
    if path.one == path.other:
        return None
    return network.wire(cluster, cluster.node(path.one), cluster.node(path.other))


def capture_variables(network: Network, cluster: Cluster, path: PodPath) -> dict[str, str]:
    """The variables of capture.sh: filters of packets that must and must never show, whether the payload has to be
    encrypted, what passes between the nodes, and the address whose link is captured on.

    All are empty where a capture cannot tell.
    """
    wire = expected_wire(network, cluster, path)
    if wire is None:
        return dict.fromkeys(_VARIABLES, "")
    one, other = cluster.node(path.one), cluster.node(path.other)
    outer = _outer_version(network, cluster, path)
    # Both IP versions may be encapsulated in the same way, at the same time.
    shows = f"{_PCAP[outer]} and ({wire.shows})" if path.secondary else wire.shows
    between = " or ".join(f"(host {a} and host {b})" for a, b in zip(one.addresses, other.addresses, strict=True))
    at = one.addresses[cluster.families.index(outer)] if path.secondary else one.address
    values = (
        shows,
        wire.never,
        wire.never_sent,
        "yes" if network.traits.encryption else "",
        between,
        str(at),
    )
    return dict(zip(_VARIABLES, values, strict=True))


def _outer_version(network: Network, cluster: Cluster, path: PodPath) -> int:
    """The IP version of the outermost header between the nodes."""
    headers = network.headers(cluster)
    return next((v for v in _PCAP if headers and headers[0].name == ip(v).name), path.version)
