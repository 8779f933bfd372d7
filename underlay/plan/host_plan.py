"""What one host has to be, phase by phase, as resources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from underlay.inventory.spec import Spec
from underlay.load_balancers import metallb
from underlay.model.addon import Addon, Chart, Object, Release
from underlay.model.node import Node
from underlay.resources.binary import Binary
from underlay.resources.file import Directory, File
from underlay.resources.images import Images
from underlay.resources.objects import Objects
from underlay.resources.packages import Packages
from underlay.resources.release import ChartFile, HelmRelease
from underlay.resources.resource import Question, Resource
from underlay.resources.unit import Unit

from . import units
from .host_prerequisites import prepared
from .host_questions import LABELS, Probe, probes

CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap", "bandwidth")
PROBE_IMAGE = "agnhost"


class Artifacts(Protocol):
    """What the plan asks of the source of binaries and images."""

    def binary(self, name: str, path: str) -> Binary: ...
    def images(self, names: tuple[str, ...]) -> Images: ...
    def reference(self, name: str) -> str: ...
    def chart(self, chart: Chart) -> ChartFile: ...


@dataclass(frozen=True)
class HostPlan:
    """The declaration that apply, plan, drift, verify and reset all read; `network` is the cluster's, on one host.

    `node` is None for a router, which is no member of the cluster.
    """

    node: Node | None
    probes: tuple[Probe, ...]
    prepare: tuple[Resource, ...]
    runtime: tuple[Resource, ...]
    kubernetes: tuple[Resource, ...]
    network: tuple[Resource, ...]

    @property
    def resources(self) -> tuple[Resource, ...]:
        return (*self.prepare, *self.runtime, *self.kubernetes, *self.network)

    @property
    def questions(self) -> tuple[Question, ...]:
        return (*self.probes, *self.resources)


def record(spec: Spec) -> dict[str, Any]:
    """What the cluster remembers of how it was made, so that a changed default is never a changed cluster."""
    return {
        "network": {"mode": spec.network.mode, **spec.network.model_dump(mode="json")},
        "kubernetes_version": spec.cluster.kubernetes_version,
        "pod_subnet": str(spec.cluster.pod_subnet),
        "service_subnet": str(spec.cluster.service_subnet),
        **{
            name: str(subnet)
            for name in ("pod_subnet_v6", "service_subnet_v6")
            if (subnet := getattr(spec.cluster, name))
        },
        "control_plane_endpoint": spec.cluster.control_plane_endpoint,
        "kube_proxy": dict(spec.cluster.kube_proxy),
        "kubelet": dict(spec.cluster.kubelet),
    }


def host_plan(spec: Spec, node: Node, artifacts: Artifacts) -> HostPlan:
    """The plan of one node."""
    return HostPlan(
        node=node,
        probes=probes(spec.cluster, spec.network, node),
        prepare=prepared(spec, node),
        runtime=_runtime(spec, artifacts),
        kubernetes=_kubernetes(spec, node, artifacts),
        network=_network(spec, artifacts) if node == spec.cluster.first else (),
    )


def _runtime(spec: Spec, artifacts: Artifacts) -> tuple[Resource, ...]:
    programs = ("containerd", "containerd-shim-runc-v2", "ctr")
    config = units.containerd_config(spec.cluster, sandbox_image=artifacts.reference("pause"))
    return (
        Packages(("runc",)),
        *(artifacts.binary(name, f"/usr/local/bin/{name}") for name in programs),
        *(artifacts.binary(n, f"/opt/cni/bin/{n}") for n in CNI_PLUGINS if n not in spec.network.own_plugins),
        Directory("/etc/cni/net.d"),
        File(units.CONTAINERD_CONFIG, config),
        File(units.CONTAINERD_UNIT, units.CONTAINERD),
        Unit(
            "containerd.service",
            watches=(units.CONTAINERD_CONFIG, units.CONTAINERD_UNIT, "/usr/local/bin/containerd"),
        ),
    )


def _kubernetes(spec: Spec, node: Node, artifacts: Artifacts) -> tuple[Resource, ...]:
    programs = ("kubeadm", "kubelet", "kubectl")
    control_plane = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
    proxy = () if spec.network.replaces_kube_proxy else ("kube-proxy",)
    addon = spec.network.addon(spec.cluster)
    helm = ("helm",) if addon.releases and node == spec.cluster.first else ()
    images = ("pause", *proxy, "coredns", *addon.images, *_balancing(spec).images, PROBE_IMAGE)
    return (
        *(artifacts.binary(name, f"/usr/local/bin/{name}") for name in (*programs, *helm)),
        # The kubelet of a worker complains every second without it.
        Directory("/etc/kubernetes/manifests"),
        File(units.KUBELET_UNIT, units.KUBELET),
        File(units.KUBELET_DROP_IN, units.KUBEADM_DROP_IN),
        Unit("kubelet.service", running=None),
        artifacts.images((*(control_plane if node.is_control_plane else ()), *images)),
    )


def _network(spec: Spec, artifacts: Artifacts) -> tuple[Resource, ...]:
    """What the first control-plane host lays down for all: the record when the network is there, then the rest."""
    mode, addon, balancing = spec.network.mode, spec.network.addon(spec.cluster), _balancing(spec)
    balanced = (Objects("load balancer", balancing.objects, _rollouts(balancing)),) if balancing.objects else ()
    last: tuple[Object, ...] = (*addon.after, _remembered(spec))
    if not addon.releases and not addon.after:
        return (Objects(mode, (*addon.objects, *last), _rollouts(addon)), *balanced)
    return (
        *([Objects(mode, addon.objects)] if addon.objects else []),
        *(_release(release, artifacts) for release in addon.releases),
        Objects(f"{mode}, what comes after", last, _rollouts(addon)),
        *balanced,
    )


def _balancing(spec: Spec) -> Addon:
    return metallb.addon(spec.load_balancer, spec.cluster) if spec.load_balancer else Addon()


def _rollouts(addon: Addon) -> tuple[tuple[str, str], ...]:
    return tuple((r.namespace, f"{r.kind.lower()}/{r.name}") for r in addon.rollouts)


def _release(release: Release, artifacts: Artifacts) -> HelmRelease:
    chart = artifacts.chart(release.chart)
    return HelmRelease(release.name, namespace=release.namespace, chart=chart, values=release.values)


def _remembered(spec: Spec) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "underlay", "namespace": "kube-system", "labels": LABELS},
        "data": {"spec": json.dumps(record(spec), sort_keys=True), "path_mtu": str(spec.cluster.path_mtu)},
    }
