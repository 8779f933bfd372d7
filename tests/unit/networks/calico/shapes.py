"""Every Calico mode with every combination of settings and cluster, whose objects are validated by upstream's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from tests.unit.clusters import cluster, dual_stack, network, one_rack, with_bgp
from underlay.model.addon import Object
from underlay.model.bgp import Router
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.networks.calico.calico import Calico
from underlay.networks.registry import modes

MODES = [name for name, kind in modes().items() if issubclass(kind, Calico)]
# Settings of every Calico mode, and those of single modes.
ANY: tuple[dict[str, Any], ...] = (
    {},
    {"version": "3.32"},
    {"data_plane": "iptables", "nat_outgoing": False, "api_server": False},
    {"data_plane": "ebpf"},
    {"encryption": "wireguard"},
    {"block_size": 28},
    {"values": {"FelixConfiguration": {"logSeverityScreen": "Debug"}, "Installation": {"registry": "r.example/"}}},
)
POOLS = {"shop": "10.244.192.0/24", "lab": "10.244.200.0/26"}
OWN: dict[str, tuple[dict[str, Any], ...]] = {
    "calico-aws-vpc": ({"delivery": "single-subnet"}, {"delivery": "routes", "source_check": "site"}),
    "calico-bgp": ({"advertise_services": True}, {"egress": "namespace-pools", "egress_pools": POOLS}),
    "calico-gce": ({"delivery": "vxlan"}, {"delivery": "ipip"}),
    "calico-ipip": ({"cross_subnet": True},),
    "calico-pure-ip": ({"egress": "node-addresses", "egress_addresses": {"w-1": "192.0.2.51", "w-2": "192.0.2.52"}},),
    "calico-vxlan": ({"cross_subnet": True, "port": 8472, "vni": 7},),
    "calico-egress-gateway": (
        {"egress": "node-addresses", "egress_pools": {}, "egress_gateway": "", "egress_addresses": {"w-1": "192.0.2.50"}},
    ),
}  # fmt: skip
V6_ROUTER = Router("tor-1-v6", ip_address("2001:db8::101"), 64601, "rack-1")
SECRET = "not a secret"  # noqa: S105


def clusters() -> Iterator[Cluster]:
    yield one_rack()
    yield one_rack(kube_proxy={"mode": "iptables"})
    yield one_rack(routes=Routes.BGP)
    yield cluster(bgp=with_bgp(password=SECRET, ttl_security=True))
    yield cluster(bgp=with_bgp(as_numbers={"rack-1": 64512, "rack-2": 64512}, reflectors=("cp-1", "w-1")))
    yield dual_stack(bgp=with_bgp(routers=(*with_bgp().routers, V6_ROUTER)))


@dataclass(frozen=True)
class Shape:
    name: str
    network: Calico
    cluster: Cluster


def shapes() -> Iterator[Shape]:
    """Each without problems."""
    for mode in MODES:
        for settings in (*ANY, *OWN.get(mode, ())):
            for number, made in enumerate(clusters()):
                one = network(mode, **settings)
                assert isinstance(one, Calico)
                if not one.problems(made):
                    yield Shape(f"{mode} {settings or ''} {number}", one, made)


def objects(shape: Shape) -> tuple[Object, ...]:
    addon = shape.network.addon(shape.cluster)
    return (*addon.objects, *addon.after)
