"""What each host of the inventory has to be, phase by phase, as resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from underlay.inventory.outside_addresses import outside_names
from underlay.inventory.spec import Spec
from underlay.model.bgp import Router
from underlay.model.node import Node
from underlay.resources import sysctl
from underlay.resources.file import Directory, File
from underlay.resources.kubeadm_certificates import KubeadmCertificates
from underlay.resources.packages import Packages
from underlay.resources.resource import Question, Resource
from underlay.resources.static_pods import StaticPods
from underlay.resources.sysctl import Sysctl
from underlay.resources.unit import Unit
from underlay.routing.resources import of_router
from underlay.templates import render

from . import kubelet_files, registries, units
from .artifacts import Artifacts
from .cluster_objects import beside_network, cluster_objects
from .host_prerequisites import prepared
from .host_questions import probes
from .probe import Probe
from .proxies import environment_file

CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap", "bandwidth")
PROBE_IMAGE = "agnhost"
# The probes that make sense on a host without Kubernetes.
_ROUTER_PROBES = ("user", "system", "kernel", "hostname", "machine-id", "clock", "addresses")


class Phase(StrEnum):
    """The phases that converge resources, in the order a deploy runs them in."""

    PREPARE = "prepare"
    RUNTIME = "runtime"
    KUBERNETES = "kubernetes"
    NETWORK = "network"


@dataclass(frozen=True)
class HostPlan:
    """The declaration that apply, plan, drift, verify and reset all read.

    `node` is None for a router, which is no member of the cluster. The resources of Phase.NETWORK are the cluster's:
    the first control-plane host alone has them. A phase that is not in `phases` has no resources.
    """

    node: Node | None
    probes: tuple[Probe, ...]
    phases: Mapping[Phase, tuple[Resource, ...]]

    def of(self, phase: Phase) -> tuple[Resource, ...]:
        return self.phases.get(phase, ())

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Those of all phases, in the order they are applied in."""
        return tuple(resource for phase in Phase for resource in self.of(phase))

    @property
    def questions(self) -> tuple[Question, ...]:
        return (*self.probes, *self.resources)


def plans(spec: Spec, artifacts: Artifacts) -> dict[str, HostPlan]:
    """Every host's plan by its name, nodes first."""
    names = (*(n.name for n in spec.cluster.nodes), *(r.name for r in spec.routers))
    return {name: plan_of(spec, name, artifacts) for name in names}


def plan_of(spec: Spec, host: str, artifacts: Artifacts) -> HostPlan:
    """The plan of a host of the inventory, a node or a router."""
    router = next((r for r in spec.routers if r.name == host), None)
    return router_plan(spec, router) if router else node_plan(spec, spec.cluster.node(host), artifacts)


def node_plan(spec: Spec, node: Node, artifacts: Artifacts) -> HostPlan:
    phases = {
        Phase.PREPARE: prepared(spec, node),
        Phase.RUNTIME: _runtime(spec, artifacts),
        Phase.KUBERNETES: _kubernetes(spec, node, artifacts),
        Phase.NETWORK: cluster_objects(spec, artifacts) if node == spec.cluster.first else (),
    }
    names = outside_names(spec.cluster, spec.artifacts)
    return HostPlan(node, probes(spec.cluster, spec.network, node, names), phases)


def router_plan(spec: Spec, router: Router) -> HostPlan:
    """Its BGP speaker and what forwarding takes."""
    resources = of_router(spec.cluster, router)
    sysctls = [r for r in resources if isinstance(r, Sysctl)]
    questions = probes(spec.cluster, spec.network, spec.cluster.first)
    return HostPlan(
        None,
        tuple(p for p in questions if p.name in _ROUTER_PROBES),
        {Phase.PREPARE: (sysctl.persisted(sysctls), *resources)},
    )


def _runtime(spec: Spec, artifacts: Artifacts) -> tuple[Resource, ...]:
    programs = ("containerd", "containerd-shim-runc-v2", "ctr")
    config = units.containerd_config(spec.cluster, sandbox_image=artifacts.reference("pause"))
    proxy = environment_file(spec.cluster)
    return (
        Packages(("runc",)),
        *(artifacts.binary(name, f"/usr/local/bin/{name}") for name in programs),
        *(artifacts.binary(n, f"/opt/cni/bin/{n}") for n in CNI_PLUGINS if n not in spec.network.own_plugins),
        Directory("/etc/cni/net.d"),
        *registries.host_files(spec.cluster),
        registries.strays(spec.cluster),
        File(units.CONTAINERD_CONFIG, config),
        File(units.CONTAINERD_ENVIRONMENT, proxy, mode="600", secret=bool(spec.cluster.proxy)),
        File(
            units.CONTAINERD_UNIT,
            render("units/containerd.service", environment=units.CONTAINERD_ENVIRONMENT if proxy else ""),
        ),
        Unit(
            "containerd.service",
            watches=(
                *(units.CONTAINERD_CONFIG, units.CONTAINERD_ENVIRONMENT, units.CONTAINERD_UNIT),
                "/usr/local/bin/containerd",
            ),
        ),
    )


def _kubernetes(spec: Spec, node: Node, artifacts: Artifacts) -> tuple[Resource, ...]:
    programs = ("kubeadm", "kubelet", "kubectl")
    control_plane = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
    proxy = () if spec.network.replaces_kube_proxy else ("kube-proxy",)
    addon = spec.network.addon(spec.cluster)
    helm = ("helm",) if addon.releases and node == spec.cluster.first else ()
    configured = kubelet_files.kubelet_files(spec.cluster)
    watches = (units.KUBELET_UNIT, units.KUBELET_DROP_IN, *(f.path for f in configured))
    beside = (image for other in beside_network(spec) for image in other.images)
    images = ("pause", *proxy, "coredns", *addon.images, *beside, PROBE_IMAGE)
    return (
        *(artifacts.binary(name, f"/usr/local/bin/{name}") for name in (*programs, *helm)),
        # The kubelet of a worker complains every second without it.
        Directory("/etc/kubernetes/manifests"),
        File(units.KUBELET_UNIT, render("units/kubelet.service")),
        *configured,
        File(units.KUBELET_DROP_IN, render("units/10-kubeadm.conf", directory=kubelet_files.DIRECTORY)),
        Unit("kubelet.service", running=None, watches=watches, programs=("/usr/local/bin/kubelet",)),
        *((KubeadmCertificates(), StaticPods()) if node.is_control_plane else ()),
        artifacts.images((*(control_plane if node.is_control_plane else ()), *images)),
    )
