"""Reasons for and against a mode that serves a site: points as data, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from underlay.model.cluster import Cluster
from underlay.model.traits import Reach, Status

from .candidate import Candidate
from .comparison import enforcer_of
from .exclusions import serves_cloud
from .proof import Proofs, proof_of
from .site import Encrypted, Fabric, SiteAnswers

# The initial score of each mode, and what it gains or loses.
START = 100.0
A_BYTE = -0.25
STATUS = {Status.SUPPORTED: 0, Status.SUBSTITUTE: -18, Status.EXPERIMENTAL: -40, Status.LEGACY: -50}
SURPLUS_ENCRYPTION = -15
SURPLUS = -8
SURPLUS_POLICY = -2
ENGINE_BESIDE = -8
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
class ScoreItem:
    """`value` in points, negative for a cost; 0 for what is demanded and provided."""

    value: float
    sentence: str


def score_items(candidate: Candidate, cluster: Cluster, answers: SiteAnswers, proofs: Proofs) -> Iterator[ScoreItem]:
    """Everything that counts for or against a mode that serves the site."""
    yield from _features(candidate, answers)
    yield from _wire(candidate, cluster, answers)
    yield from _upkeep(candidate, cluster)
    proof = proof_of(candidate.mode, proofs)
    if proof.rung > 1:
        yield ScoreItem(A_RUNG * (proof.rung - 1), f"proven to rung {proof.rung}, {proof.word}")


def _features(candidate: Candidate, answers: SiteAnswers) -> Iterator[ScoreItem]:
    """Features that are demanded and provided, and those provided without demand."""
    traits = candidate.network.traits
    if traits.policy:
        demanded = ScoreItem(0, f"enforces NetworkPolicies ({traits.policy})")
        yield (demanded if answers.policies else ScoreItem(SURPLUS_POLICY, "enforces policies, which are not required"))
    elif answers.policies:
        yield ScoreItem(ENGINE_BESIDE, f"enforces NetworkPolicies by {enforcer_of(candidate.network)}, one more agent")
    if traits.encryption:
        surplus = ScoreItem(
            SURPLUS_ENCRYPTION, f"encrypts ({traits.encryption}) at a cost in CPU, which is not required"
        )
        demanded = ScoreItem(0, f"encrypts between nodes ({traits.encryption})")
        yield surplus if answers.encryption is Encrypted.NO else demanded
    if traits.egress:
        demanded = ScoreItem(0, "provides egress from fixed addresses")
        yield demanded if answers.egress else ScoreItem(SURPLUS, "brings an egress gateway, which is not required")
    if traits.clusters:
        demanded = ScoreItem(0, "connects several clusters")
        yield demanded if answers.clusters else ScoreItem(SURPLUS, "brings a cluster mesh, which is not required")


def _wire(candidate: Candidate, cluster: Cluster, answers: SiteAnswers) -> Iterator[ScoreItem]:
    """The overhead per packet, and what the network between nodes has to pass."""
    network, traits = candidate.network, candidate.network.traits
    overhead, mtu = network.overhead(cluster), f"pod MTU {network.pod_mtu(cluster)}"
    sentence = f"{overhead} bytes overhead per packet, {mtu}" if overhead else f"no overhead, {mtu}"
    yield ScoreItem(A_BYTE * overhead, sentence)
    if other := [p.protocol for p in network.prerequisites(cluster).ports if p.protocol not in _USUAL]:
        yield ScoreItem(ANOTHER_PROTOCOL, f"needs {', '.join(other)} to pass between nodes (neither TCP nor UDP)")
    if any(h.name == "VXLAN" for h in network.headers(cluster)):
        yield ScoreItem(OFFLOADED, "network cards offload VXLAN")
    if traits.cloud and serves_cloud(traits, answers.fabric):
        yield ScoreItem(MADE_FOR_THE_CLOUD, f"made for {traits.cloud}")
    if network.peers_with_routers and answers.fabric is Fabric.BGP:
        yield ScoreItem(ROUTERS_KNOW, "the routers learn the routes to pods")
    elif network.peers_with_routers or (cluster.bgp and traits.reach is Reach.WITH_ROUTES):
        yield ScoreItem(BGP_WITHOUT_ROUTERS, "speaks BGP, and no router peers with it")


def _upkeep(candidate: Candidate, cluster: Cluster) -> Iterator[ScoreItem]:
    """What has to be set and run, and warnings."""
    traits = candidate.network.traits
    if STATUS[traits.status]:
        yield ScoreItem(STATUS[traits.status], f"upstream: {traits.status.value}")
    if count := len(candidate.settings):
        yield ScoreItem(A_SETTING * count, f"{count} setting{'' if count == 1 else 's'} to set")
    if candidate.network.addon(cluster).releases:
        yield ScoreItem(A_CHART, "brings an operator or agent to run")
    if traits.warning:
        yield ScoreItem(A_WARNING, f"warning: {traits.warning}")
