"""The agent's view of a node's BGP sessions as the gate of all speakers reads it."""

from __future__ import annotations

from underlay.model.bgp_view import UNSIGNED, NeighbourState, Speaker, View, json_documents, unsigned_of
from underlay.model.cluster import Cluster
from underlay.model.node import Node

from .status import query

# As `cilium bgp peers` shows it.
_PEERS = f'peers=$({query("bgp/peers")}) && printf \'{{"peers": %s}}\\n\' "$peers"'


def _question(_cluster: Cluster, _node: Node) -> str:
    return f"{UNSIGNED}; {_PEERS}"


def _read(_cluster: Cluster, _node: Node, output: str) -> View:
    counters: dict[str, dict[str, int]] = {}
    for document in json_documents(output):
        if "peers" not in document:
            counters = document
            continue
        neighbours = {}
        for peer in document["peers"] or ():
            families = {f"{f.get('afi')} {f.get('safi')}": f for f in peer.get("families") or ()}
            neighbours[str(peer["peer-address"])] = NeighbourState(
                state=str(peer.get("session-state", "unknown")).capitalize(),
                remote_as=int(peer.get("peer-asn", 0)),
                local_as=int(peer.get("local-asn", 0)),
                up=peer.get("uptime-nanoseconds", 0) / 1e9,
                ttl_security=None,
                sent=int(families.get("ipv4 unicast", {}).get("advertised", 0)),
                # It installs nothing that it learns: what routers tell it is nobody's loss.
                received=None,
                accepted=None,
            )
        return View(neighbours=neighbours, unsigned=unsigned_of(counters))
    return View(trouble="Cilium's agent does not answer; does its pod run?")


SPEAKER = Speaker(question=_question, read=_read, prefixes="")
