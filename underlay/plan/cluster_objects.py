"""What the first control-plane host applies for the whole cluster: the network, what stands beside it, the record."""

from __future__ import annotations

import json
from typing import Any

from underlay.inventory.spec import Spec
from underlay.load_balancers import metallb
from underlay.model.addon import Addon, Object, Release
from underlay.policy_engines import kube_router
from underlay.resources.objects import Objects
from underlay.resources.release import HelmRelease
from underlay.resources.resource import Resource

from .artifacts import Artifacts
from .host_questions import LABELS, ROUTES

POLICY_ENGINE = "policy engine"


def cluster_objects(spec: Spec, artifacts: Artifacts) -> tuple[Resource, ...]:
    """In order: the objects and charts of the network, what follows its charts, the record, then what stands beside
    the network: its policy engine and the load balancer."""
    mode, addon = spec.network.mode, spec.network.addon(spec.cluster)
    beside = tuple(
        Objects(label, other.objects, _rollouts(other))
        for label, other in ((POLICY_ENGINE, policy_engine(spec)), ("load balancer", load_balancer(spec)))
        if other.objects
    )
    last: tuple[Object, ...] = (*addon.after, _record_object(spec))
    if not addon.releases and not addon.after:
        return (Objects(mode, (*addon.objects, *last), _rollouts(addon)), *beside)
    return (
        *([Objects(mode, addon.objects)] if addon.objects else []),
        *(_release(release, artifacts) for release in addon.releases),
        Objects(f"{mode} after its charts", last, _rollouts(addon)),
        *beside,
    )


def record(spec: Spec) -> dict[str, Any]:
    """The settings that a cluster was made with, kept on it: a later deploy with others is refused."""
    return {
        "network": {"mode": spec.network.mode, **spec.network.model_dump(mode="json")},
        # A deploy may change it; a change of the network has to know it.
        ROUTES: spec.cluster.routes.value,
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


def load_balancer(spec: Spec) -> Addon:
    """The objects and images of the load balancer; empty without one."""
    return metallb.addon(spec.load_balancer, spec.cluster) if spec.load_balancer else Addon()


def policy_engine(spec: Spec) -> Addon:
    """The objects and images of the policy engine beside the network; empty without one."""
    if spec.network_policy is None:
        return Addon()
    bundled = spec.artifacts.get("source") == "bundle"
    return kube_router.addon(spec.network_policy, spec.cluster, bundled=bundled, labels=LABELS)


def beside_network(spec: Spec) -> tuple[Addon, ...]:
    """What the inventory configures beside the network: a policy engine, a load balancer."""
    return policy_engine(spec), load_balancer(spec)


def _rollouts(addon: Addon) -> tuple[tuple[str, str], ...]:
    return tuple((r.namespace, f"{r.kind.lower()}/{r.name}") for r in addon.rollouts)


def _release(release: Release, artifacts: Artifacts) -> HelmRelease:
    chart = artifacts.chart(release.chart)
    return HelmRelease(release.name, namespace=release.namespace, chart=chart, values=release.values)


def _record_object(spec: Spec) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "underlay", "namespace": "kube-system", "labels": LABELS},
        "data": {"spec": json.dumps(record(spec), sort_keys=True), "path_mtu": str(spec.cluster.path_mtu)},
    }
