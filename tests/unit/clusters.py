"""An ordinary cluster and the inventory it is read from: a test starts here and changes one thing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, ClassVar

from underlay.inventory.spec import Spec
from underlay.machines import ARCHITECTURES
from underlay.model.addon import Chart
from underlay.model.bgp import Bgp, Router
from underlay.model.cluster import Cluster
from underlay.model.node import Node, Role
from underlay.model.traits import Reach, Status, Traits
from underlay.networks.network import Network
from underlay.networks.registry import modes
from underlay.resources.binary import Binary, BinaryBuild
from underlay.resources.file import place
from underlay.resources.images import Images
from underlay.resources.release import HostChart
from underlay.resources.resource import Upload

Hosts = dict[str, dict[str, Any]]
Groups = dict[str, tuple[str, ...]]

MODES = sorted(modes())


# Inventories and commands name a mode that is registered: one that any cluster may have, and whose plugin has others.
REGISTERED_MODE = "flannel-vxlan"


class PlainNetwork(Network):
    """A network that brings nothing, for tests that are about something else; it is registered nowhere."""

    mode = "plain"
    data_path = "whatever a test takes it to be"

    @property
    def traits(self) -> Traits:
        return Traits(status=Status.SUPPORTED, version="1", reach=Reach.ANYWHERE, families=(4, 6))


def hosts(mode: str = REGISTERED_MODE, **shared: Any) -> Hosts:
    """Variables of one control-plane host and two workers in two racks; `shared` are set for all of them."""
    everywhere = {"network": {"mode": mode}, **shared}
    return {
        "cp-1": {"address": "192.0.2.1", "rack": "rack-1", **deepcopy(everywhere)},
        "w-1": {"address": "192.0.2.2", "rack": "rack-1", **deepcopy(everywhere)},
        "w-2": {"address": "192.0.2.3", "rack": "rack-2", **deepcopy(everywhere)},
    }


def groups(*, control_plane: tuple[str, ...] = ("cp-1",), workers: tuple[str, ...] = ("w-1", "w-2")) -> Groups:
    return {"control_plane": control_plane, "workers": workers}


def high_available(**shared: Any) -> tuple[Hosts, Groups]:
    """Three control-plane hosts behind a load balancer, and a worker."""
    names = ("cp-1", "cp-2", "cp-3", "w-1")
    everywhere = {"network": {"mode": REGISTERED_MODE}, "control_plane_endpoint": "api.example.net", **shared}
    found = {n: {"address": f"192.0.2.{i}", **deepcopy(everywhere)} for i, n in enumerate(names, start=1)}
    return found, groups(control_plane=names[:3], workers=names[3:])


def node(name: str, number: int, *, rack: str = "rack-1", role: Role = Role.WORKER, prefix: str = "192.0.2.") -> Node:
    return Node(name=name, address=ip_address(f"{prefix}{number}"), role=role, rack=rack)


def cluster(**changes: Any) -> Cluster:
    """The cluster of `hosts()`, with some fields changed."""
    ordinary: dict[str, Any] = {
        "name": "ordinary",
        "kubernetes_version": "v1.37.2",
        "nodes": (
            node("cp-1", 1, role=Role.CONTROL_PLANE),
            node("w-1", 2),
            node("w-2", 3, rack="rack-2"),
        ),
        "pod_subnet": ip_network("10.244.0.0/16"),
        "service_subnet": ip_network("10.96.0.0/16"),
        "control_plane_endpoint": "192.0.2.1:6443",
        "kube_proxy": {"mode": "nftables"},
    }
    return Cluster(**(ordinary | changes))


def one_rack(**changes: Any) -> Cluster:
    """The ordinary cluster, all on one segment: what every mode can serve."""
    nodes = (node("cp-1", 1, role=Role.CONTROL_PLANE), node("w-1", 2), node("w-2", 3))
    return cluster(**({"nodes": nodes, "bgp": with_bgp()} | changes))


def network(mode: str | None = None, **settings: Any) -> Network:
    """A mode as it can be deployed: its example's settings, and those over them. Without one, what brings nothing."""
    kind = modes()[mode] if mode else PlainNetwork
    return kind.model_validate(kind.example() | settings)


def with_bgp(**changes: Any) -> Bgp:
    """Two racks with an AS and a router each."""
    ordinary: dict[str, Any] = {
        "as_numbers": {"rack-1": 64513, "rack-2": 64514},
        "routers": (
            Router("tor-1", ip_address("192.0.2.101"), 64601, "rack-1", managed=True),
            Router("tor-2", ip_address("192.0.2.102"), 64602, "rack-2"),
        ),
    }
    return Bgp(**(ordinary | changes))


def dual_stack(**changes: Any) -> Cluster:
    """The ordinary cluster on one segment, with IPv6 beside IPv4."""
    nodes = tuple(replace(n, address_v6=ip_address(f"2001:db8::{i}")) for i, n in enumerate(one_rack().nodes, start=1))
    subnets = {"pod_subnet_v6": ip_network("fd00:10:244::/56"), "service_subnet_v6": ip_network("fd00:10:96::/112")}
    return cluster(**({"nodes": nodes, "bgp": with_bgp()} | subnets | changes))


def spec(mode: str | None = None, **changes: Any) -> Spec:
    """The ordinary cluster on one segment with a mode, or with a network that brings nothing."""
    return Spec(cluster=one_rack(**changes), network=network(mode), artifacts={"source": "upstream"}, verify=True)


class PaperArtifacts:
    """Artifacts that exist on paper: the same names and checksums every time, nothing to fetch."""

    architectures = ARCHITECTURES
    lacking: ClassVar[dict[str, str]] = {}

    def binary(self, name: str, path: str) -> Binary:
        install = place(f'echo {name} >"$t"', path, mode="755")
        builds = tuple(BinaryBuild(arch, _sha256(name), blob=Path("blobs", name)) for arch in ARCHITECTURES)
        return Binary(path=path, version="1.0.0", builds=builds, install=install)

    def images(self, names: tuple[str, ...]) -> Images:
        blobs = tuple(Upload(Path("blobs", n), _sha256(n)) for n in names)
        return Images(tuple(self.reference(n) for n in names), f"echo import {' '.join(names)}", blobs)

    def chart(self, chart: Chart) -> HostChart:
        path = f"/charts/{chart.name}.tgz"
        install = place(f'echo {chart.name} >"$t"', path, mode="644")
        return HostChart(chart.name, chart.version, sha256=_sha256(chart.name), path=path, install=install)

    def moved(self, references: Sequence[str]) -> list[tuple[str, str, str]]:
        return []

    def reference(self, name: str) -> str:
        return f"registry.example/{name}:1.0.0"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
