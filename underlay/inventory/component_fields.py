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
from .kube_proxy_rules import kube_proxy_rules
from .kubelet_rules import kubelet_rules
from .outside_addresses import address_in
from .variables import ClusterVariables

# Fields that are younger than the oldest version that is offered.
_KUBELET_SINCE: Mapping[str, Minor] = {"memoryReservationPolicy": (1, 36), "defaultPodSysctls": (1, 37)}
# Fields that the kubelet refuses without a feature gate: the gate, and since when it is on by itself.
_KUBELET_GATED: Mapping[str, tuple[str, Minor | None]] = {
    "cpuCFSQuotaPeriod": ("CustomCPUCFSQuotaPeriod", (1, 36)),
    "defaultPodSysctls": ("DefaultPodSysctls", None),
    "enableSystemLogQuery": ("NodeLogQuery", (1, 36)),
    "qosReserved": ("QOSReserved", None),
}
# A node's pod subnet has addresses that no pod gets: the subnet's own, the bridge's or router's, and the broadcast.
_NOT_PODS = 3
# KubeletConfiguration's defaults.
_GC_HIGH, _GC_LOW = 85, 80

_CRI = "io.containerd.cri.v1"
_CNI_PROGRAMS = "/opt/cni/bin"
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
        yield from _cluster_dns(cluster, variables.kubelet.get("clusterDNS"))
    if "kube_proxy" not in bad:
        yield from _keys("kube-proxy-1.37.2.tsv").problems(variables.kube_proxy, where="kube_proxy")
        yield from gate_problems("kube_proxy.featureGates", variables.kube_proxy.get("featureGates"), version)
        yield from kube_proxy_rules(cluster, variables.kube_proxy)
    if "containerd" not in bad:
        yield from _containerd(variables.containerd)
        yield from _containerd_rules(variables.containerd)
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
    yield from _gated(fields, version)
    yield from kubelet_rules(fields)
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


def _cluster_dns(cluster: Cluster, stated: Any) -> Iterator[str]:
    """What pods would ask, and nothing answers: the address of no Service, and of no server outside."""
    for text in stated if isinstance(stated, (list, tuple)) else ():
        address = address_in(text) if isinstance(text, str) else None
        if address is None:
            continue
        pods = next((s for s in cluster.pod_subnets if address in s), None)
        if pods is not None:
            inside = f"{address} is inside the pods' {pods}"
            yield f"kubelet.clusterDNS: {inside}; use an address of a Service, or leave it out"
        elif address in (n for node in cluster.nodes for n in node.addresses):
            yield f"kubelet.clusterDNS: {address} is a node's, where no DNS answers; leave it out"


def _gated(fields: Mapping[str, Any], version: Minor) -> Iterator[str]:
    gates = fields.get("featureGates")
    on = gates if isinstance(gates, Mapping) else {}
    for name, (gate, since) in _KUBELET_GATED.items():
        is_on = on.get(gate, since is not None and version >= since)
        if fields.get(name) not in (None, False, {}) and not is_on and version >= _KUBELET_SINCE.get(name, version):
            yield f'kubelet.{name}: needs the feature gate {gate}; set featureGates = {{"{gate}": True}}, or remove it'


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


def _containerd_rules(config: Mapping[str, Any]) -> Iterator[str]:
    """What would leave the kubelet without a container runtime, or pods without a network."""
    disabled = config.get("disabled_plugins")
    for name in disabled if isinstance(disabled, (list, tuple)) else ():
        if isinstance(name, str) and (name in ("cri", "io.containerd.grpc.v1.cri") or name.startswith(f"{_CRI}.")):
            yield f"containerd.disabled_plugins: without {name} the kubelet has no container runtime; remove it"
    for name in ("root", "state", "temp"):
        if isinstance(path := config.get(name), str) and path and not path.startswith("/"):
            yield f"containerd.{name}: is no absolute path (it is {path!r}); write one that begins with /"
    plugins = config.get("plugins")
    runtime = plugins.get(f"{_CRI}.runtime") if isinstance(plugins, Mapping) else None
    cni = runtime.get("cni") if isinstance(runtime, Mapping) else None
    programs = cni.get("bin_dirs") if isinstance(cni, Mapping) else None
    if isinstance(programs, (list, tuple)) and _CNI_PROGRAMS not in programs:
        yield (
            f"containerd.plugins.{_CRI}.runtime.cni.bin_dirs: lacks {_CNI_PROGRAMS}, where the network's programs are; "
            "add it"
        )


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
