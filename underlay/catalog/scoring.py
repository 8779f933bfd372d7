"""What speaks for and against a mode that serves a site: points as data, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from underlay.model.cluster import Cluster
from underlay.model.traits import Reach, Status

from .candidate import Candidate
from .exclusions import serves_cloud
from .proof import Proofs, proof_of
from .site import Encrypted, Fabric, SiteAnswers

# Where each mode starts, and what it gains or loses.
START = 100.0
A_BYTE = -0.25
STATUS = {Status.SUPPORTED: 0, Status.SUBSTITUTE: -18, Status.EXPERIMENTAL: -40, Status.LEGACY: -50}
NOT_ASKED_ENCRYPTION = -15
NOT_ASKED = -8
NOT_ASKED_POLICY = -2
A_SETTING = -3
A_CHART = -4
ANOTHER_PROTOCOL = -8
OFFLOADED = 1
A_WARNING = -5
BGP_WITHOUT_ROUTERS = -6
MADE_FOR_THE_CLOUD = 6
ROUTERS_KNOW = 6
A_RUNG = 1.5
_USUAL = ("tcp", "udp", "icmp", "icmpv6")


@dataclass(frozen=True)
class Point:
    """`worth` points, and the sentence that earns or costs them; 0 for what was asked and is there."""

    worth: float
    sentence: str


def points(candidate: Candidate, cluster: Cluster, answers: SiteAnswers, proofs: Proofs) -> Iterator[Point]:
    """Everything that speaks for or against a mode that serves the site."""
    yield from _features(candidate, answers)
    yield from _wire(candidate, cluster, answers)
    yield from _upkeep(candidate, cluster)
    proof = proof_of(candidate.mode, proofs)
    if proof.rung > 1:
        yield Point(A_RUNG * (proof.rung - 1), f"proven to rung {proof.rung}, {proof.word}")


def _features(candidate: Candidate, answers: SiteAnswers) -> Iterator[Point]:
    """What was asked and is there, and what is there and was not asked."""
    traits = candidate.network.traits
    if traits.policy:
        asked = Point(0, f"enforces NetworkPolicies ({traits.policy})")
        yield asked if answers.policies else Point(NOT_ASKED_POLICY, "enforces policies, which nobody asked for")
    if traits.encryption:
        unasked = Point(NOT_ASKED_ENCRYPTION, f"encrypts ({traits.encryption}) at a price in CPU, and nobody asked")
        asked = Point(0, f"encrypts between nodes ({traits.encryption})")
        yield unasked if answers.encryption is Encrypted.NO else asked
    if traits.egress:
        asked = Point(0, "lets pods leave from fixed addresses")
        yield asked if answers.egress else Point(NOT_ASKED, "brings an egress gateway, which nobody asked for")
    if traits.clusters:
        asked = Point(0, "joins several clusters")
        yield asked if answers.clusters else Point(NOT_ASKED, "brings a mesh of clusters, which nobody asked for")


def _wire(candidate: Candidate, cluster: Cluster, answers: SiteAnswers) -> Iterator[Point]:
    """What it costs on the way, and what has to let it pass."""
    network, traits = candidate.network, candidate.network.traits
    overhead, mtu = network.overhead(cluster), f"pod MTU {network.pod_mtu(cluster)}"
    sentence = f"{overhead} bytes more a packet, {mtu}" if overhead else f"packets go as they are, {mtu}"
    yield Point(A_BYTE * overhead, sentence)
    if other := [p.protocol for p in network.prerequisites(cluster).ports if p.protocol not in _USUAL]:
        yield Point(ANOTHER_PROTOCOL, f"everything between nodes has to pass {', '.join(other)}, neither TCP nor UDP")
    if any(h.name == "VXLAN" for h in network.headers(cluster)):
        yield Point(OFFLOADED, "network cards know VXLAN")
    if traits.cloud and serves_cloud(traits, answers.fabric):
        yield Point(MADE_FOR_THE_CLOUD, f"made for {traits.cloud}")
    if network.peers_with_routers and answers.fabric is Fabric.BGP:
        yield Point(ROUTERS_KNOW, "the routers learn where pods are")
    elif network.peers_with_routers or (cluster.bgp and traits.reach is Reach.WITH_ROUTES):
        yield Point(BGP_WITHOUT_ROUTERS, "speaks BGP, and no router listens")


def _upkeep(candidate: Candidate, cluster: Cluster) -> Iterator[Point]:
    """What there is to state, to run, and to beware of."""
    traits = candidate.network.traits
    if STATUS[traits.status]:
        yield Point(STATUS[traits.status], f"upstream: {traits.status.value}")
    if count := len(candidate.settings):
        yield Point(A_SETTING * count, f"{count} setting{'' if count == 1 else 's'} to state")
    if candidate.network.addon(cluster).releases:
        yield Point(A_CHART, "comes with an operator or agent of its own to run")
    if traits.warning:
        yield Point(A_WARNING, f"beware: {traits.warning}")
