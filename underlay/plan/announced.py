"""What nodes announce by BGP, as the cluster itself has it."""

from __future__ import annotations

from underlay.model.cluster import Cluster
from underlay.networks.network import Network
from underlay.routing.speakers import speaker_of_nodes

from .host_questions import POD_SUBNETS


def prefixes_question(cluster: Cluster, network: Network) -> str:
    """Shell for the first control-plane host that prints nodes with their prefixes, as `read_pod_subnets` reads it."""
    speaker = speaker_of_nodes(cluster, network)
    return (speaker and speaker.prefixes) or POD_SUBNETS
