"""What a person chooses a mode by, in words that a table and a question share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How upstream stands to the mode."""

    SUPPORTED = "supported"
    EXPERIMENTAL = "experimental"
    DEBUGGING = "debugging only"
    LEGACY = "legacy"
    SUBSTITUTE = "substitute"


class Reach(StrEnum):
    """Whether pods reach one another over a router between their nodes."""

    ANYWHERE = "yes"
    WITH_ROUTES = "if the routers know the pod routes"
    SEGMENT = "no"


@dataclass(frozen=True)
class Traits:
    """`version` is the plugin's that is laid down; `policy` and `encryption` name what enforces it ("" for nothing);
    `kernel_since` is the oldest Linux that serves; `families` are IP versions, both for dual stack; `clouds` the ones
    it is for ("" for any, with their usual firewall rules)."""

    status: Status
    version: str
    reach: Reach
    policy: str = ""
    encryption: str = ""
    kernel_since: tuple[int, int] = (5, 10)
    families: tuple[int, ...] = (4,)
    cloud: str = ""
    egress: bool = False
    clusters: bool = False
    replaces_kube_proxy: bool = False
    warning: str = ""
