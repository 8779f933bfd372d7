"""Flannel's Kubernetes objects as data (after flannel Documentation/kube-flannel.yml)."""

from __future__ import annotations

import hashlib
from typing import Any

from underlay.model.addon import Object

NAMESPACE = "kube-flannel"
NAME = "kube-flannel-ds"
_ACCOUNT = "flannel"
_CONFIG = "kube-flannel-cfg"
_FLANNELD = "/opt/bin/flanneld"
# The kubelet's --node-ip has both addresses; flanneld would use the link's first IPv6 address, whichever it is.
_WITH_IPV6 = f'exec {_FLANNELD} "$@" --public-ipv6="${{HOST_IPS#*,}}"'
# A node is Ready as soon as a CNI configuration exists. Upstream's init container writes it before flanneld has a
# subnet: the first pods of a node then fail, and are retried after ten seconds. A probe and no postStart hook, since a
# hook that a restart of the kubelet interrupts is never run again.
_STARTED = """\
until [ -s /run/flannel/subnet.env ]; do sleep 0.2; done
cp -f /etc/kube-flannel/cni-conf.json /etc/cni/net.d/.underlay.tmp
mv -f /etc/cni/net.d/.underlay.tmp /etc/cni/net.d/10-flannel.conflist"""


def objects(
    *, image: str, plugin_image: str, files: dict[str, str], secret: bool, privileged: bool, dual_stack: bool
) -> tuple[Object, ...]:
    """All objects of Flannel.

    :param files: the entries of its ConfigMap, or of its Secret where `secret` is set, since they contain a key.
    :param privileged: whether flanneld runs privileged, not with NET_ADMIN and NET_RAW alone.
    """
    rbac = "rbac.authorization.k8s.io"
    return (
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": NAMESPACE,
                "labels": {"pod-security.kubernetes.io/enforce": "privileged"},
            },
        },
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _in_namespace(_ACCOUNT)},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": _ACCOUNT},
            "rules": [
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
                {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": [""], "resources": ["nodes/status"], "verbs": ["patch"]},
            ],
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": _ACCOUNT},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": _ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": NAMESPACE}],
        },
        {
            "apiVersion": "v1",
            "kind": "Secret" if secret else "ConfigMap",
            "metadata": _in_namespace(_CONFIG),
            "stringData" if secret else "data": files,
        },
        _daemon_set(
            image=image,
            plugin_image=plugin_image,
            files=files,
            volume={"secret": {"secretName": _CONFIG}} if secret else {"configMap": {"name": _CONFIG}},
            privileged=privileged,
            dual_stack=dual_stack,
        ),
    )


def _daemon_set(
    *,
    image: str,
    plugin_image: str,
    files: dict[str, str],
    volume: dict[str, Any],
    privileged: bool,
    dual_stack: bool,
) -> Object:
    # flanneld reads its configuration only at start: a change has to replace the pods.
    digest = hashlib.sha256("".join(f"{k}\0{v}\0" for k, v in sorted(files.items())).encode()).hexdigest()
    security: dict[str, Any] = (
        {"privileged": True} if privileged else {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}
    )
    labels = {"app": "flannel"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": _in_namespace(NAME, labels=labels),
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
            "template": {
                "metadata": {"labels": labels, "annotations": {"underlay/config": digest[:16]}},
                "spec": {
                    "hostNetwork": True,
                    "priorityClassName": "system-node-critical",
                    "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
                    "serviceAccountName": _ACCOUNT,
                    "initContainers": [
                        {
                            "name": "install-cni-plugin",
                            "image": plugin_image,
                            "command": ["cp", "-f", "/flannel", "/opt/cni/bin/flannel"],
                            "volumeMounts": [{"name": "cni-plugin", "mountPath": "/opt/cni/bin"}],
                        }
                    ],
                    "containers": [
                        {
                            "name": "kube-flannel",
                            "image": image,
                            "command": ["sh", "-c", _WITH_IPV6, "flanneld"] if dual_stack else [_FLANNELD],
                            # The address of the inventory, without autodetection: hostIP is the kubelet's --node-ip.
                            "args": ["--ip-masq", "--kube-subnet-mgr", "--iface=$(HOST_IP)"],
                            "env": [
                                _from_field("POD_NAME", "metadata.name"),
                                _from_field("POD_NAMESPACE", "metadata.namespace"),
                                _from_field("HOST_IP", "status.hostIP"),
                                *([_from_field("HOST_IPS", "status.hostIPs")] if dual_stack else []),
                            ],
                            "resources": {"requests": {"cpu": "50m", "memory": "50Mi"}},
                            "securityContext": security,
                            "startupProbe": {
                                "exec": {"command": ["sh", "-c", _STARTED]},
                                "periodSeconds": 1,
                                "timeoutSeconds": 60,
                                "failureThreshold": 10,
                            },
                            "volumeMounts": [
                                {"name": "run", "mountPath": "/run/flannel"},
                                {"name": "cni", "mountPath": "/etc/cni/net.d"},
                                {"name": "flannel-cfg", "mountPath": "/etc/kube-flannel/"},
                            ],
                        }
                    ],
                    "volumes": [
                        {"name": "run", "hostPath": {"path": "/run/flannel", "type": "DirectoryOrCreate"}},
                        {
                            "name": "cni-plugin",
                            "hostPath": {"path": "/opt/cni/bin", "type": "DirectoryOrCreate"},
                        },
                        {"name": "cni", "hostPath": {"path": "/etc/cni/net.d", "type": "DirectoryOrCreate"}},
                        {"name": "flannel-cfg", **volume},
                    ],
                },
            },
        },
    }


def _in_namespace(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, **more}


def _from_field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
