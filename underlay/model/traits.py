"""What a mode is chosen by, in terms that tables and questions share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .cluster_policy import NOBODY, ClusterPolicySupport


class Status(StrEnum):
    """The support status of the mode upstream."""

    SUPPORTED = "supported"
    EXPERIMENTAL = "experimental"
    DEBUGGING = "debugging only"
    LEGACY = "legacy"
    SUBSTITUTE = "substitute"


class Reach(StrEnum):
    """Whether pods reach each other across a router between their nodes."""

    ANYWHERE = "yes"
    WITH_ROUTES = "if the routers know the pod routes"
    SEGMENT = "no"


@dataclass(frozen=True)
class Traits:
    """`version` is the plugin's, as installed; `policy` and `encryption` name what enforces it ("" for nothing),
    `cluster_policy` whether policies of the whole cluster are;
    `kernel_since` is the oldest supported Linux; `families` are IP versions, both for dual stack; `cloud` the one it is
    for ("" for any, with its usual firewall rules); `kubernetes` is the oldest and the newest minor release that its
    vendor tests this version with, None where no vendor says so."""

    status: Status
    version: str
    reach: Reach
    policy: str = ""
    cluster_policy: ClusterPolicySupport = NOBODY
    encryption: str = ""
    kernel_since: tuple[int, int] = (5, 10)
    families: tuple[int, ...] = (4,)
    cloud: str = ""
    egress: bool = False
    clusters: bool = False
    replaces_kube_proxy: bool = False
    warning: str = ""
    kubernetes: tuple[tuple[int, int], tuple[int, int]] | None = None
