"""Sample inventories for the answers about a site, and the answers that an inventory gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from underlay.clouds.settings import CloudSettings
from underlay.inventory.errors import InvalidInventory
from underlay.inventory.spec import Groups, Hosts, read_spec
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.networks.registry import modes
from underlay.preflight.host_findings import NFTABLES_SINCE

from .site import Addresses, Fabric, SiteAnswers

# Nodes in a rack of a sample; its address range has room for that many racks.
_PER_RACK = 40
# From this many nodes on, a full mesh of sessions is too large.
_REFLECTORS_FROM = 50
_LARGE = 256
_CLOUDS: Mapping[Fabric, dict[str, Any]] = {
    Fabric.AWS: {"provider": "aws", "region": "eu-central-1", "route_tables": ["rtb-0123456789abcdef0"]},
    Fabric.GCE: {"provider": "gce", "project": "example", "zones": ["europe-west3-a"], "network": "default"},
}


@dataclass(frozen=True)
class Shape:
    """An inventory without its network, and its cluster; `more` are its variables besides hosts and subnets."""

    hosts: Hosts
    groups: Groups
    more: Mapping[str, Any]
    cluster: Cluster

    def inventory(self, network: Mapping[str, Any]) -> Hosts:
        """The hosts with that network."""
        return with_network(self.hosts, network)

    def routed_by(self, routes: Routes, fabric: Fabric) -> Shape:
        """The shape for a network with these routes; routes by a cloud need the variable `cloud`."""
        settings = _CLOUDS.get(fabric) if routes is Routes.CLOUD else None
        if settings is None:
            return replace(self, cluster=replace(self.cluster, routes=routes))
        hosts = {name: {**own, "cloud": settings} for name, own in self.hosts.items()}
        cluster = replace(self.cluster, routes=routes, cloud=CloudSettings.model_validate(settings))
        return replace(self, hosts=hosts, more={**self.more, "cloud": settings}, cluster=cluster)


def shapes(answers: SiteAnswers) -> tuple[Shape, ...]:
    """The sample inventories for these answers, the plainest first."""
    return tuple(_shapes(answers))


def _shapes(answers: SiteAnswers) -> Iterator[Shape]:
    hosts = {name: _host(number, rack, answers) for number, (name, rack) in enumerate(_placed(answers), start=1)}
    groups = {"control_plane": ("cp-1",), "workers": tuple(n for n in hosts if n != "cp-1")}
    for bgp in _bgp(answers, hosts):
        more = {**bgp, **_kube_proxy(answers)}
        shared = {**_subnets(answers), "path_mtu": answers.path_mtu, **more}
        inventory = {name: {**own, **shared} for name, own in hosts.items()}
        yield Shape(inventory, groups, more, cluster_of(inventory, groups))


def with_network(hosts: Hosts, network: Mapping[str, Any]) -> Hosts:
    """The same inventory with that network."""
    return {name: {**own, "network": dict(network)} for name, own in hosts.items()}


def cluster_of(hosts: Hosts, groups: Groups) -> Cluster:
    """The cluster of an inventory whose network is still to be chosen; its present one is ignored.

    :raises InvalidInventory: with every problem but those of the network.
    """
    # The modes that install nothing object to nothing.
    objections: list[str] = []
    for mode in sorted(modes(), key=lambda name: modes()[name].model_validate(modes()[name].example()).carries_pods):
        try:
            plain = with_network(hosts, {"mode": mode, **modes()[mode].example()})
            return read_spec(plain, groups).cluster
        except InvalidInventory as error:
            if others := [p for p in error.problems if not p.startswith("network")]:
                raise InvalidInventory(others) from error
            objections += error.problems
    raise InvalidInventory(objections)


def answers_of(cluster: Cluster, answers: SiteAnswers) -> SiteAnswers:
    """The answers, with those that an inventory gives in place of assumptions."""
    if cluster.bgp and cluster.bgp.routers:
        fabric = Fabric.BGP
    else:
        fabric = Fabric.FLAT if len(cluster.racks) == 1 else Fabric.ROUTED
    addresses = next(a for a in Addresses if a.families == cluster.families)
    return replace(answers, fabric=fabric, addresses=addresses, nodes=len(cluster.nodes), path_mtu=cluster.path_mtu)


def _placed(answers: SiteAnswers) -> Iterator[tuple[str, str]]:
    racks = 1 if answers.fabric is Fabric.FLAT or answers.nodes == 1 else max(2, -(-answers.nodes // _PER_RACK))
    for number in range(answers.nodes):
        yield ("cp-1" if number == 0 else f"w-{number}"), f"rack-{number % racks + 1}"


def _host(number: int, rack: str, answers: SiteAnswers) -> dict[str, Any]:
    v4, v6 = f"172.16.{number // 250}.{number % 250 + 1}", f"2001:db8::{number:x}"
    address = v6 if answers.addresses is Addresses.IPV6 else v4
    second = {"address_v6": v6} if answers.addresses is Addresses.DUAL else {}
    return {"address": address, "rack": rack, **second}


def _subnets(answers: SiteAnswers) -> dict[str, Any]:
    v4 = "10.244.0.0/16" if answers.nodes <= _LARGE else "10.224.0.0/11"
    v6 = "fd00:10:200::/56" if answers.nodes <= _LARGE else "fd00:10:200::/48"
    services = {4: "10.96.0.0/16", 6: "fd00:10:96::/112"}
    match answers.addresses:
        case Addresses.IPV6:
            return {"pod_subnet": v6, "service_subnet": services[6]}
        case Addresses.DUAL:
            first = {"pod_subnet": v4, "service_subnet": services[4]}
            return {**first, "pod_subnet_v6": v6, "service_subnet_v6": services[6]}
    return {"pod_subnet": v4, "service_subnet": services[4]}


def _kube_proxy(answers: SiteAnswers) -> dict[str, Any]:
    return {"kube_proxy": {"mode": "iptables"}} if answers.kernel < NFTABLES_SINCE else {}


def _bgp(answers: SiteAnswers, hosts: Hosts) -> Iterator[dict[str, Any]]:
    """The variable `bgp`: absent, or as a mode that needs it has it."""
    racks = list(dict.fromkeys(str(own["rack"]) for own in hosts.values()))
    if answers.fabric is Fabric.BGP:
        peers = [peer for number, rack in enumerate(racks, start=1) for peer in _peers(number, rack, answers)]
        yield {"bgp": {"as_numbers": _numbers(racks), "peers": peers}}
        return
    yield {}
    if not answers.fabric.is_cloud:
        reflectors = list(hosts)[1:3] if len(hosts) > _REFLECTORS_FROM else []
        yield {"bgp": {"as_number": 64512, **({"reflectors": tuple(reflectors)} if reflectors else {})}}


def _numbers(racks: list[str]) -> dict[str, int]:
    return {rack: 4200000000 + number for number, rack in enumerate(racks, start=1)}


def _peers(number: int, rack: str, answers: SiteAnswers) -> Iterator[dict[str, Any]]:
    """The rack's router, once for each of its addresses."""
    addresses = {4: f"172.31.{number}.254", 6: f"2001:db8:ffff::{number:x}"}
    for family in answers.addresses.families:
        name = f"tor-{number}" if family == answers.addresses.families[0] else f"tor-{number}-v{family}"
        yield {"name": name, "address": addresses[family], "as_number": 4210000000 + number, "rack": rack}
