"""MetalLB's Kubernetes objects as data (after its config/manifests/metallb-native.yaml), in layer 2 mode.

Not included are the webhooks, which need a certificate and only validate objects, and memberlist, without which the
failure of a node is detected by its Node's condition, in half a minute instead of seconds.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from underlay.model.addon import Addon, Object, Rollout
from underlay.model.cluster import Cluster

from .settings import LoadBalancerSettings, announcers

VERSION = "v0.15.2"
NAMESPACE = "metallb-system"
DEFINITIONS = Path(__file__).with_name("metallb_crds.json")
"""MetalLB's CustomResourceDefinitions, from config/crd/bases, without descriptions."""
_API = "metallb.io/v1beta1"
_RBAC = "rbac.authorization.k8s.io"
_METRICS = 7472
_READ = ["get", "list", "watch"]
PARTS = ("controller", "speaker")
# After MetalLB's default: links of pods and tunnels, none of the hosts' own.
_NOT_ANNOUNCED = (
    *("^docker.*", "^cbr.*", "^dummy.*", "^virbr.*", "^lxcbr.*", "^veth.*", "^lo$", "^cali.*", "^tunl.*"),
    *("^flannel.*", "^kube-ipvs.*", "^cni.*", "^nodelocaldns.*", "^lxc.*", "^cilium.*"),
)


def addon(settings: LoadBalancerSettings, cluster: Cluster) -> Addon:
    """MetalLB, with a pool of addresses for each rack, which only the nodes of that rack announce."""
    return Addon(
        objects=(
            *_definitions(),
            _namespace(),
            *_access(),
            _object("v1", "ConfigMap", "metallb-excludel2", data={"excludel2.yaml": _excluded()}),
            _controller(),
            _speaker(),
            *(o for rack in settings.addresses for o in _pool(settings, cluster, rack)),
        ),
        images=tuple(f"metallb-{part}" for part in PARTS),
        rollouts=(Rollout("Deployment", NAMESPACE, "controller"), Rollout("DaemonSet", NAMESPACE, "speaker")),
    )


def image(part: str) -> str:
    """The image of a part of MetalLB, one of PARTS."""
    return f"quay.io/metallb/{part}:{VERSION}"


@cache
def _definitions() -> tuple[Object, ...]:
    return tuple(json.loads(DEFINITIONS.read_text(encoding="utf-8")))


def _pool(settings: LoadBalancerSettings, cluster: Cluster, rack: str) -> tuple[Object, ...]:
    """An address belongs to its rack's segment: a node of another rack would announce it to nobody."""
    name = f"pool-{list(settings.addresses).index(rack) + 1}"
    nodes = {"key": "kubernetes.io/hostname", "operator": "In", "values": list(announcers(cluster, rack))}
    return (
        _object(_API, "IPAddressPool", name, spec={"addresses": list(map(_written, settings.addresses[rack]))}),
        _object(
            _API,
            "L2Advertisement",
            name,
            spec={"ipAddressPools": [name], "nodeSelectors": [{"matchExpressions": [nodes]}]},
        ),
    )


def _written(text: str) -> str:
    return "-".join(part.strip() for part in text.split("-"))


def _access() -> tuple[Object, ...]:
    """Service accounts and their rights, in MetalLB's namespace and in the cluster."""
    kinds = ["bgppeers", "bfdprofiles", "ipaddresspools", "bgpadvertisements", "l2advertisements", "communities"]
    here = [_rule("", ["secrets", "configmaps", "pods"], _READ), _rule("metallb.io", kinds, _READ)]
    everywhere = {
        "controller": [
            _rule("", ["services", "namespaces", "nodes"], _READ),
            _rule("", ["services/status"], ["update"]),
        ],
        "speaker": [
            _rule("", ["services", "endpoints", "nodes", "namespaces"], _READ),
            _rule("discovery.k8s.io", ["endpointslices"], _READ),
            _rule("metallb.io", ["servicel2statuses", "servicel2statuses/status"], ["*"]),
        ],
    }
    inside = {
        "controller": [*here, _rule("metallb.io", ["ipaddresspools/status"], ["update"])],
        "speaker": [*here, _rule("metallb.io", ["servicebgpstatuses", "servicebgpstatuses/status"], ["*"])],
    }
    events = _rule("", ["events"], ["create", "patch"])
    found: list[Object] = []
    for name in PARTS:
        whole = f"{NAMESPACE}:{name}"
        subject = {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}
        found += [
            _object("v1", "ServiceAccount", name),
            _object(f"{_RBAC}/v1", "Role", name, rules=inside[name]),
            _object(f"{_RBAC}/v1", "RoleBinding", name, roleRef=_role("Role", name), subjects=[subject]),
            _wide("ClusterRole", whole, rules=[*everywhere[name], events]),
            _wide("ClusterRoleBinding", whole, roleRef=_role("ClusterRole", whole), subjects=[subject]),
        ]
    return tuple(found)


def _controller() -> Object:
    container = {
        "args": [f"--port={_METRICS}", "--log-level=info", "--webhook-mode=disabled"],
        "securityContext": _security(),
    }
    pod = {"securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "fsGroup": 65534}}
    return _workload("Deployment", "controller", container, pod)


def _speaker() -> Object:
    container = {
        "args": [f"--port={_METRICS}", "--log-level=info"],
        "env": [
            _from_field("METALLB_NODE_NAME", "spec.nodeName"),
            _from_field("METALLB_POD_NAME", "metadata.name"),
            _from_field("METALLB_HOST", "status.hostIP"),
        ],
        "securityContext": _security(add=["NET_RAW"]),
        "volumeMounts": [{"name": "excludel2", "mountPath": "/etc/metallb", "readOnly": True}],
    }
    pod = {
        "hostNetwork": True,
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}],
        "volumes": [{"name": "excludel2", "configMap": {"name": "metallb-excludel2"}}],
    }
    return _workload("DaemonSet", "speaker", container, pod)


def _workload(kind: str, name: str, container: dict[str, Any], pod: dict[str, Any]) -> Object:
    labels = {"app": "metallb", "component": name}
    whole = {
        "name": name,
        "image": image(name),
        "ports": [{"name": "monitoring", "containerPort": _METRICS}],
        "readinessProbe": {"httpGet": {"path": "/metrics", "port": "monitoring"}, "periodSeconds": 2},
        "livenessProbe": {
            "httpGet": {"path": "/metrics", "port": "monitoring"},
            "initialDelaySeconds": 10,
            "periodSeconds": 10,
        },
        **container,
    }
    spec = {
        "serviceAccountName": name,
        "terminationGracePeriodSeconds": 2,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "containers": [whole],
        **pod,
    }
    template = {"metadata": {"labels": labels}, "spec": spec}
    return _object("apps/v1", kind, name, spec={"selector": {"matchLabels": labels}, "template": template})


def _namespace() -> Object:
    labels = {f"pod-security.kubernetes.io/{level}": "privileged" for level in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def _excluded() -> str:
    return f"announcedInterfacesToExclude: {json.dumps(_NOT_ANNOUNCED)}\n"


def _security(*, add: list[str] | None = None) -> dict[str, Any]:
    capabilities: dict[str, Any] = {"drop": ["ALL"], **({"add": add} if add else {})}
    return {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": capabilities}


def _object(api_version: str, kind: str, name: str, **more: Any) -> Object:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def _wide(kind: str, name: str, **more: Any) -> Object:
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": {"name": name}, **more}


def _role(kind: str, name: str) -> dict[str, str]:
    return {"apiGroup": _RBAC, "kind": kind, "name": name}


def _rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, list[str]]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _from_field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
