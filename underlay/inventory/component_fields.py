"""What `kubelet`, `kube_proxy` and `containerd` pass on, held against what these programs know.

kubeadm and containerd warn of an unknown field and go on without it; a wrong value stops the program on the host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from underlay.model.cluster import NODE_PREFIX, Cluster
from underlay.networks.known_keys import KnownKeys, of_lines
from underlay.networks.network import Network

from .errors import nearest
from .feature_gates import Minor, gate_problems, minor
from .variables import ClusterVariables

# Fields that are younger than the oldest version that is offered.
_KUBELET_SINCE: Mapping[str, Minor] = {"memoryReservationPolicy": (1, 36), "defaultPodSysctls": (1, 37)}
# A node's pod subnet has addresses that no pod gets: the subnet's own, the bridge's or router's, and the broadcast.
_NOT_PODS = 3
# KubeletConfiguration's defaults.
_GC_HIGH, _GC_LOW = 85, 80

_CRI = "io.containerd.cri.v1"
# Types of containerd's plugins (v2.4.2, plugins/types.go); the rest of a plugin's name is its own.
_TYPES = (
    "content.v1 cri.v1 differ.v1 event.v1 gc.v1 grpc.v1 http.v1 image-verifier.v1 internal.v1 lease.v1 metadata.v1 "
    "metrics.v1 monitor.container.v1 monitor.task.v1 mount-handler.v1 mount-manager.v1 nri.v1 "
    "podsandbox.controller.v1 runtime.v1 runtime.v2 sandbox.controller.v1 sandbox.store.v1 server.v1 service.v1 "
    "shim.v1 snapshotter.v1 streaming.v1 tracing.processor.v1 transfer.v1 ttrpc.v1 warning.v1"
)
_PLUGIN_TYPES = tuple(f"io.containerd.{kind}" for kind in _TYPES.split())
_CRI_PLUGINS = {f"{_CRI}.{name}": f"containerd-cri-{name}-2.4.2.tsv" for name in ("images", "runtime")}


def component_problems(
    cluster: Cluster, network: Network | None, variables: ClusterVariables, bad: set[str]
) -> Iterator[str]:
    """Every field that would be ignored, and every value that would stop the component.

    :param bad: names of invalid variables, which are left out.
    """
    version = minor(cluster.kubernetes_version)
    if "kubelet" not in bad:
        yield from _kubelet(cluster, network, variables.kubelet, version)
    if "kube_proxy" not in bad:
        yield from _keys("kube-proxy-1.37.2.tsv").problems(variables.kube_proxy, where="kube_proxy")
        yield from gate_problems("kube_proxy.featureGates", variables.kube_proxy.get("featureGates"), version)
    if "containerd" not in bad:
        yield from _containerd(variables.containerd)
        if variables.registries and "registries" not in bad:
            yield from _registries(variables.containerd)


def _kubelet(cluster: Cluster, network: Network | None, fields: Mapping[str, Any], version: Minor) -> Iterator[str]:
    yield from _keys("kubelet-1.37.2.tsv").problems(fields, where="kubelet")
    for name, since in _KUBELET_SINCE.items():
        if name in fields and version < since:
            yield f"kubelet.{name}: there since Kubernetes {since[0]}.{since[1]}; remove it, or use that version"
    yield from gate_problems("kubelet.featureGates", fields.get("featureGates"), version)
    high, low = fields.get("imageGCHighThresholdPercent", _GC_HIGH), fields.get("imageGCLowThresholdPercent", _GC_LOW)
    if _are_numbers(high, low) and low >= high:
        yield (
            f"kubelet.imageGCLowThresholdPercent: {low} is not below imageGCHighThresholdPercent ({high}); set both, "
            "the low one below the high one"
        )
    yield from _soft_eviction(fields)
    most = fields.get("maxPods")
    if _are_numbers(most) and network is not None and network.gives_from_node_subnet(cluster):
        for version_ip in cluster.families:
            prefix = NODE_PREFIX[version_ip]
            room = 2 ** ({4: 32, 6: 128}[version_ip] - prefix) - _NOT_PODS
            if most > room:
                yield (
                    f"kubelet.maxPods: {most} pods need an address each, and a node's pod subnet, a /{prefix}, has "
                    f"{room}; use {room} or less"
                )


def _soft_eviction(fields: Mapping[str, Any]) -> Iterator[str]:
    soft, grace = fields.get("evictionSoft", {}), fields.get("evictionSoftGracePeriod", {})
    for name in soft if isinstance(soft, Mapping) and isinstance(grace, Mapping) else ():
        if name not in grace:
            yield (
                f"kubelet.evictionSoft.{name}: has no grace period, and the kubelet does not start; set "
                f"evictionSoftGracePeriod.{name}"
            )


def _containerd(config: Mapping[str, Any]) -> Iterator[str]:
    yield from _keys("containerd-2.4.2.tsv", fold=True).problems(config, where="containerd")
    plugins = config.get("plugins")
    for name, table in plugins.items() if isinstance(plugins, Mapping) else ():
        where = f"containerd.plugins.{name}"
        if name.startswith(f"{_CRI}.") and name not in _CRI_PLUGINS:
            yield f"{where}: containerd has no such plugin; known are {', '.join(_CRI_PLUGINS)}"
        elif not any(name.startswith(f"{kind}.") for kind in _PLUGIN_TYPES):
            near = nearest(name, _CRI_PLUGINS)
            remedy = f"did you mean {near}?" if near else f"write its type, too, as in {_CRI}.runtime"
            yield f"{where}: containerd has no such plugin; {remedy}"
        elif not isinstance(table, Mapping):
            yield f"{where}: wrong type; use a table of its settings"
        elif name in _CRI_PLUGINS:
            yield from _keys(_CRI_PLUGINS[name], fold=True).problems(table, where=where)


def _registries(config: Mapping[str, Any]) -> Iterator[str]:
    """What of containerd's own settings would keep it from reading what `registries` becomes."""
    stated = config.get("plugins", {}).get(f"{_CRI}.images", {})
    table = stated.get("registry", {}) if isinstance(stated, Mapping) else {}
    for name in ("config_path", "mirrors"):
        if isinstance(table, Mapping) and name in table:
            yield f"containerd.plugins.{_CRI}.images.registry.{name}: `registries` is stated, too; use one of them"


def _are_numbers(*values: object) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)


@cache
def _keys(file: str, *, fold: bool = False) -> KnownKeys:
    return of_lines((files(__package__) / "schemas" / file).read_text(encoding="utf-8").splitlines(), fold=fold)
