"""What rules a mode out for a site: one function for each question, with its sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from underlay.inventory.errors import InvalidInventory
from underlay.inventory.spec import read_spec
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.model.traits import Reach, Status, Traits
from underlay.preflight.host_findings import KERNEL_SINCE
from underlay.resources.kernel_module import KernelModule

from .candidate import Candidate
from .comparison import enforcer_of
from .packet_layout import role_of
from .sample_inventory import Shape
from .site import Encrypted, Fabric, SiteAnswers

_CLOUDS = {Fabric.AWS: ("aws", "amazon"), Fabric.GCE: ("gce", "google"), Fabric.AZURE: ("azure",)}
# Azure's virtual network passes TCP, UDP, ICMP and ESP of what is sent between machines.
_AZURE_DROPS = ("ipip", "ipencap", "gre")


@dataclass(frozen=True)
class Site:
    """The answers, and sample inventories for them, the plainest first.

    `real` is the cluster of an inventory that was read; `missing` maps a kernel module to a host that lacks it.
    """

    answers: SiteAnswers
    shapes: tuple[Shape, ...]
    real: Cluster | None = None
    missing: dict[str, str] = field(default_factory=dict)
    _routed: dict[Routes, tuple[Shape, ...]] = field(default_factory=dict, repr=False, compare=False)

    def shape_for(self, candidate: Candidate) -> Shape:
        """The one with the fewest objections by the mode."""
        return min(
            self._routed_by(candidate.network.routes[0]), key=lambda shape: len(_objections(candidate, shape.cluster))
        )

    def _routed_by(self, routes: Routes) -> tuple[Shape, ...]:
        if routes not in self._routed:
            self._routed[routes] = tuple(shape.routed_by(routes, self.answers.fabric) for shape in self.shapes)
        return self._routed[routes]


def reasons_against(candidate: Candidate, site: Site) -> list[str]:
    """Every reason, the most important first; empty for a mode that serves the site."""
    return [reason for rule in RULES for reason in rule(candidate, site)] or _refused(candidate, site)


def serves_cloud(traits: Traits, fabric: Fabric) -> bool:
    """Whether the mode is made for that cloud."""
    return any(word in traits.cloud.lower() for word in _CLOUDS.get(fabric, ()))


def _carries(candidate: Candidate, site: Site) -> Iterator[str]:
    if not candidate.network.carries_pods:
        yield "installs no network; it is for a plugin of your own"


def _debugging(candidate: Candidate, site: Site) -> Iterator[str]:
    if candidate.network.traits.status is Status.DEBUGGING:
        yield "is for debugging only"


def _policies(candidate: Candidate, site: Site) -> Iterator[str]:
    if site.answers.policies and not enforcer_of(candidate.network):
        yield "does not enforce NetworkPolicies"


def _encryption(candidate: Candidate, site: Site) -> Iterator[str]:
    demand, by = site.answers.encryption, candidate.network.traits.encryption
    if demand is Encrypted.NO:
        return
    if not by:
        yield "does not encrypt"
    elif demand is not Encrypted.ANY and demand.value not in by.lower():
        yield f"encrypts by {by}"


def _cloud(candidate: Candidate, site: Site) -> Iterator[str]:
    traits, fabric = candidate.network.traits, site.answers.fabric
    if traits.cloud and not serves_cloud(traits, fabric):
        yield f"is for {traits.cloud}"
    elif fabric.is_cloud and not traits.cloud and traits.reach is not Reach.ANYWHERE:
        yield "needs a network with routes to pods, and a cloud drops packets of unknown addresses"
    if fabric is Fabric.AZURE:
        ports = candidate.network.prerequisites(site.shapes[0].cluster).ports
        if dropped := [p.protocol for p in ports if p.protocol in _AZURE_DROPS]:
            yield f"sends {dropped[0]}, which Azure drops"


def _reach(candidate: Candidate, site: Site) -> Iterator[str]:
    fabric, network = site.answers.fabric, candidate.network
    if network.traits.cloud or fabric is Fabric.FLAT or fabric.is_cloud:
        return
    if network.traits.reach is Reach.SEGMENT:
        yield "needs all nodes on one L2 segment"
    elif network.traits.reach is Reach.WITH_ROUTES:
        announces = network.peers_with_routers or Routes.BGP in network.routes
        if fabric is Fabric.ROUTED:
            yield "needs routers with routes to pods"
        elif not announces:
            yield "needs routers with routes to pods, and announces none to them"


def _overlay(candidate: Candidate, site: Site) -> Iterator[str]:
    if site.answers.overlay:
        return
    roles = {role_of(h.name) for h in candidate.network.headers(site.shape_for(candidate).cluster)}
    hidden = "crypt" in roles and not roles & {"overlay", "inner"} and site.answers.encryption is not Encrypted.NO
    if roles and not hidden:
        yield f"is an overlay ({candidate.network.data_path})"


def _families(candidate: Candidate, site: Site) -> Iterator[str]:
    missing = set(site.answers.addresses.families) - set(candidate.network.traits.families)
    if missing:
        yield f"does not carry IPv{max(missing)}"


def _egress(candidate: Candidate, site: Site) -> Iterator[str]:
    if site.answers.egress and not candidate.network.traits.egress:
        yield "has no egress from fixed addresses"


def _clusters(candidate: Candidate, site: Site) -> Iterator[str]:
    if site.answers.clusters and not candidate.network.traits.clusters:
        yield "does not connect clusters"


def _kernel(candidate: Candidate, site: Site) -> Iterator[str]:
    since, have = max(candidate.network.traits.kernel_since, KERNEL_SINCE), site.answers.kernel
    if have < since:
        yield f"needs Linux {_dotted(since)}, and the hosts have {_dotted(have)}"
    for resource in candidate.network.prerequisites(site.shapes[0].cluster).resources:
        if isinstance(resource, KernelModule) and resource.module in site.missing:
            yield f"needs the kernel module {resource.module}, which {site.missing[resource.module]} lacks"


def _itself(candidate: Candidate, site: Site) -> Iterator[str]:
    """The mode's own objections to such a cluster, and to the one that was read, but for the site's own settings."""
    if any(True for rule in (_carries, _cloud, _reach, _families) for _ in rule(candidate, site)):
        return
    yield from _objections(candidate, site.shape_for(candidate).cluster)
    if site.real is not None:
        own = tuple(f"network.{name}:" for name in candidate.examples)
        real = replace(site.real, routes=candidate.network.routes[0])
        yield from (p for p in _objections(candidate, real) if not p.startswith(own))


def _refused(candidate: Candidate, site: Site) -> list[str]:
    """Why such an inventory would be refused, for reasons the mode itself cannot know."""
    shape = site.shape_for(candidate)
    try:
        read_spec(shape.inventory({"mode": candidate.mode, **candidate.settings}), shape.groups)
    except InvalidInventory as error:
        return list(error.problems)
    return []


def _objections(candidate: Candidate, cluster: Cluster) -> list[str]:
    return [p.removeprefix("network.mode: ") for p in candidate.network.problems(cluster)]


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


RULES: tuple[Callable[[Candidate, Site], Iterator[str]], ...] = (
    _carries,
    _debugging,
    _cloud,
    _reach,
    _policies,
    _encryption,
    _overlay,
    _families,
    _egress,
    _clusters,
    _kernel,
    _itself,
)
