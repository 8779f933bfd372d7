"""kubeadm's documents (v1beta4) as data, merged with the inventory's extra configuration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.values import merged
from underlay.patience import START_TIMEOUT_S

API = "kubeadm.k8s.io/v1beta4"
# Mode ipvs is deprecated in 1.35, behind a gate since 1.37, which will be off by default later (KEP-5495).
IPVS_GATE_SINCE = (1, 37)
# kubeadm's own limit for a component of the control plane: Defaults of its v1beta4 Timeouts.
KUBEADM_PATIENCE_S = 240
CRI_SOCKET = "unix:///run/containerd/containerd.sock"

# What `kubeadm upgrade` asks of a cluster that has a network.
_OF_PODS = ("CreateJob", "ControlPlaneNodesReady")

KUBELET_KIND = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}

Document = dict[str, Any]


def init_documents(
    cluster: Cluster, *, token: str, kube_proxy: bool = True, patience_s: float = START_TIMEOUT_S
) -> list[Document]:
    """What `kubeadm init` reads on the first control-plane host.

    :param token: a bootstrap token that expires at once: without one, kubeadm makes one that is valid for a day.
    :param kube_proxy: False where the network serves Services itself.
    :param patience_s: kubeadm waits as long for what it starts, if that is longer than its own limit.
    """
    init: Document = {
        "apiVersion": API,
        "kind": "InitConfiguration",
        "bootstrapTokens": [{"token": token, "ttl": "1s"}],
        "localAPIEndpoint": {"advertiseAddress": str(cluster.first.address), "bindPort": 6443},
        "nodeRegistration": _registration(cluster, cluster.first),
        **_timeouts(patience_s),
    }
    return [
        init,
        {
            "apiVersion": API,
            "kind": "ClusterConfiguration",
            "clusterName": cluster.name,
            "kubernetesVersion": cluster.kubernetes_version,
            "controlPlaneEndpoint": cluster.control_plane_endpoint,
            "networking": {
                "podSubnet": _joined(cluster.pod_subnets),
                "serviceSubnet": _joined(cluster.service_subnets),
            },
            **({} if kube_proxy else {"proxy": {"disabled": True}}),
        },
        kubelet(cluster),
        *([_kube_proxy(cluster)] if kube_proxy else []),
    ]


def _kube_proxy(cluster: Cluster) -> Document:
    document: Document = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clusterCIDR": _joined(cluster.pod_subnets),
    }
    minor = tuple(int(part) for part in cluster.kubernetes_version.removeprefix("v").split(".")[:2])
    if cluster.kube_proxy_mode == "ipvs" and minor >= IPVS_GATE_SINCE:
        document["featureGates"] = {"KubeProxyIPVS": True}
    return merged(document, cluster.kube_proxy)


def upload_documents(cluster: Cluster, *, certificate_key: str) -> list[Document]:
    """What `kubeadm init phase upload-certs` reads.

    :param certificate_key: hex key that the control plane's certificates are encrypted with.
    """
    return [
        {"apiVersion": API, "kind": "InitConfiguration", "certificateKey": certificate_key},
        {"apiVersion": API, "kind": "ClusterConfiguration", "kubernetesVersion": cluster.kubernetes_version},
    ]


def join_documents(
    cluster: Cluster, node: Node, *, certificate_key: str | None, patience_s: float = START_TIMEOUT_S
) -> list[Document]:
    """What `kubeadm join` reads; the token and the cluster's CA are in the discovery file.

    :param patience_s: as for `init_documents`.
    """
    join: Document = {
        "apiVersion": API,
        "kind": "JoinConfiguration",
        "discovery": {"file": {"kubeConfigPath": DISCOVERY}, "timeout": "2m0s"},
        "nodeRegistration": _registration(cluster, node),
        **_timeouts(patience_s),
    }
    if node.is_control_plane:
        join["controlPlane"] = {
            "localAPIEndpoint": {"advertiseAddress": str(node.address), "bindPort": 6443},
            "certificateKey": certificate_key,
        }
    return [join]


# Where the documents are on a host while kubeadm runs: mode 600, removed afterwards.
CONFIG = "/var/lib/underlay/kubeadm.yaml"
DISCOVERY = "/var/lib/underlay/discovery.conf"


def discovery(cluster: Cluster, *, ca: str, token: str) -> Document:
    """A kubeconfig that trusts only this cluster's CA and presents the token.

    :param ca: the CA certificate, base64 of its PEM.
    """
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster.name,
                "cluster": {
                    "server": f"https://{cluster.control_plane_endpoint}",
                    "certificate-authority-data": ca,
                },
            }
        ],
        "users": [{"name": "join", "user": {"token": token}}],
        "contexts": [{"name": "join", "context": {"cluster": cluster.name, "user": "join"}}],
        "current-context": "join",
    }


def upgrade_document(cluster: Cluster, *, carries_pods: bool, patience_s: float = START_TIMEOUT_S) -> Document:
    """What `kubeadm upgrade apply` and `kubeadm upgrade node` read.

    :param carries_pods: whether the cluster has a network: without one no node is Ready, and no pod of a Job runs.
    :param patience_s: as for `init_documents`.
    """
    ignored = [*cluster.ignore_preflight_errors, *(() if carries_pods else _OF_PODS)]
    common = {"imagePullPolicy": "IfNotPresent", "ignorePreflightErrors": ignored}
    return {
        "apiVersion": API,
        "kind": "UpgradeConfiguration",
        "apply": {"kubernetesVersion": cluster.kubernetes_version, **common},
        "node": common,
        **_timeouts(patience_s, "upgradeManifests"),
    }


def kubelet(cluster: Cluster) -> Document:
    """The KubeletConfiguration that kubeadm gives every node."""
    return merged({**KUBELET_KIND, "cgroupDriver": "systemd"}, cluster.kubelet)


def _timeouts(patience_s: float, *more: str) -> Document:
    if patience_s <= KUBEADM_PATIENCE_S:
        return {}
    waits = (
        "controlPlaneComponentHealthCheck",
        "kubeletHealthCheck",
        "kubernetesAPICall",
        "etcdAPICall",
        "tlsBootstrap",
        *more,
    )
    return {"timeouts": dict.fromkeys(waits, f"{patience_s:.0f}s")}


def _registration(cluster: Cluster, node: Node) -> Document:
    return {
        "name": node.name,
        "criSocket": CRI_SOCKET,
        "imagePullPolicy": "IfNotPresent",
        "ignorePreflightErrors": list(cluster.ignore_preflight_errors),
        "kubeletExtraArgs": [{"name": "node-ip", "value": _joined(node.addresses)}],
    }


def _joined(values: Iterable[object]) -> str:
    """Addresses or subnets as Kubernetes writes several of them: separated by a comma."""
    return ",".join(map(str, values))
