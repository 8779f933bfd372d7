"""Who speaks BGP on each host: FRR on routers, and on nodes unless the network's plugin does."""

from __future__ import annotations

from underlay.model.bgp_view import Speaker, View
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.networks.network import Network

from . import session_state
from .sessions import Session, sessions


def watched_sessions(cluster: Cluster, network: Network) -> tuple[Session, ...]:
    """The sessions that are checked from both sides: of IPv4, and none where nobody announces routes."""
    if speaker_of_nodes(cluster, network) is None and cluster.routes is not Routes.BGP:
        return ()
    return tuple(s for s in sessions(cluster) if s.one.address.version == s.other.address.version == 4)


def speaker_of_nodes(cluster: Cluster, network: Network) -> Speaker | None:
    """The plugin's own speaker; None where FRR speaks, or nobody."""
    return None if cluster.routes is Routes.BGP else network.speaker(cluster)


def question(cluster: Cluster, network: Network, host: str) -> str:
    """Shell that prints what the speaker of a host says; `read_view` reads it."""
    speaker = _of(cluster, network, host)
    return speaker.question(cluster, cluster.node(host)) if speaker else session_state.question(cluster, host)


def read_view(cluster: Cluster, network: Network, host: str, output: str) -> View:
    """The view in the output of `question`; what makes no sense is no view of nothing."""
    speaker = _of(cluster, network, host)
    try:
        if speaker:
            return speaker.read(cluster, cluster.node(host), output)
        return session_state.read_view(cluster, host, output)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return View(trouble="what its BGP speaker says makes no sense; ask again")


def _of(cluster: Cluster, network: Network, host: str) -> Speaker | None:
    is_node = any(n.name == host for n in cluster.nodes)
    return speaker_of_nodes(cluster, network) if is_node else None
