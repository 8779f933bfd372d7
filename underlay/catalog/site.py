"""The questions before a network is recommended, and the answers that are assumed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class Fabric(StrEnum):
    """The network between the nodes."""

    FLAT = "flat"
    BGP = "bgp"
    ROUTED = "routed"
    AWS = "aws"
    GCE = "gce"
    AZURE = "azure"
    CLOUD = "cloud"

    @property
    def is_cloud(self) -> bool:
        return self in (Fabric.AWS, Fabric.GCE, Fabric.AZURE, Fabric.CLOUD)


class Encrypted(StrEnum):
    """Whether pods' packets have to be encrypted between nodes, and by what."""

    NO = "no"
    ANY = "any"
    WIREGUARD = "wireguard"
    IPSEC = "ipsec"


class Addresses(StrEnum):
    """IP versions of pods' addresses."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    DUAL = "dual"

    @property
    def families(self) -> tuple[int, ...]:
        return {Addresses.IPV4: (4,), Addresses.IPV6: (6,), Addresses.DUAL: (4, 6)}[self]


@dataclass(frozen=True)
class SiteAnswers:
    """The defaults are assumed: the least demanding site, with the oldest kernel of a supported system."""

    policies: bool = False
    encryption: Encrypted = Encrypted.NO
    fabric: Fabric = Fabric.ROUTED
    overlay: bool = True
    addresses: Addresses = Addresses.IPV4
    egress: bool = False
    clusters: bool = False
    nodes: int = 10
    kernel: tuple[int, int] = (6, 1)
    path_mtu: int = 1500


@dataclass(frozen=True)
class SiteQuestion:
    """`words` is the question; `meaning` explains the choices where they are not yes and no."""

    field: str
    words: str
    meaning: str = ""


QUESTIONS = (
    SiteQuestion("policies", "Do pods need NetworkPolicies?"),
    SiteQuestion("encryption", "Must pods' packets be encrypted between nodes?", "no, any, wireguard or ipsec"),
    SiteQuestion(
        "fabric",
        "What connects the nodes?",
        "flat: one L2 segment; bgp: racks whose routers speak BGP with nodes; routed: routers without "
        "routes to pods; aws, gce, azure or cloud (another one)",
    ),
    SiteQuestion("overlay", "May packets be encapsulated in an overlay (VXLAN and the like)?"),
    SiteQuestion("addresses", "Which addresses do pods have?", "ipv4, ipv6 or dual"),
    SiteQuestion("egress", "Must pods leave the cluster from fixed addresses?"),
    SiteQuestion("clusters", "Is it one of several clusters whose pods reach each other?"),
    SiteQuestion("nodes", "How many nodes will there be?"),
    SiteQuestion("kernel", "Which kernel does the oldest node run?", "as uname -r prints it: 6.1"),
)


def plain_answers(answers: SiteAnswers) -> dict[str, Any]:
    """The answers as plain values, by question; the kernel as text."""
    found = {field.name: getattr(answers, field.name) for field in fields(answers)}
    return {**found, "kernel": ".".join(map(str, answers.kernel))}
