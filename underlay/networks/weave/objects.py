"""Weave's Kubernetes objects as data (after prog/weave-kube/weave-daemonset-k8s-1.11.yaml of the fork)."""

from __future__ import annotations

import hashlib
from typing import Any

from underlay.model.addon import Object

NAMESPACE = "kube-system"
NAME = "weave-net"
_SECRET = "weave-passwd"  # noqa: S105, the object's name
_RBAC = "rbac.authorization.k8s.io"
# The init container looks for these volumes by name (init.sh).
_HOST = {"cni-bin": ("/opt", "/host/opt"), "cni-bin2": ("/home", "/host/home"), "cni-conf": ("/etc", "/host/etc")}


def objects(
    *,
    version: str,
    environment: dict[str, str],
    shared: dict[str, str],
    network_policy: bool,
    password: str | None,
) -> tuple[Object, ...]:
    """All objects of Weave.

    :param environment: environment variables of the agent.
    :param shared: environment variables of every container.
    :param network_policy: whether weave-npc runs.
    """
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": _SECRET, "namespace": NAMESPACE},
        "stringData": {_SECRET: password},
    }
    read = ["get", "list", "watch"]
    cluster_rules = [
        {"apiGroups": [""], "resources": ["pods", "namespaces", "nodes"], "verbs": read},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": read},
        {"apiGroups": [""], "resources": ["nodes/status"], "verbs": ["patch", "update"]},
    ]
    # The agents keep the list of peers there.
    own_rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [NAME], "verbs": ["get", "update"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
    ]
    return (
        *([secret] if password else []),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata()},
        _role("ClusterRole", cluster_rules),
        _binding("ClusterRole"),
        _role("Role", own_rules),
        _binding("Role"),
        _daemon_set(version, environment, shared, network_policy=network_policy, password=password),
    )


def _daemon_set(
    version: str, environment: dict[str, str], shared: dict[str, str], *, network_policy: bool, password: str | None
) -> Object:
    from_secret = {"name": "WEAVE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": _SECRET, "key": _SECRET}}}
    node = {"name": "HOSTNAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    lock = {"name": "xtables-lock", "mountPath": "/run/xtables.lock"}
    image = f"docker.io/rajchaudhuri/weave-kube:{version}"
    init = {
        "name": "weave-init",
        "image": image,
        "command": ["/home/weave/init.sh"],
        "env": _variables(shared),
        "securityContext": {"privileged": True},
        "volumeMounts": [
            *({"name": name, "mountPath": inside} for name, (_, inside) in _HOST.items()),
            {"name": "lib-modules", "mountPath": "/lib/modules", "readOnly": True},
            lock,
        ],
    }
    agent = {
        "name": "weave",
        "image": image,
        "command": ["/home/weave/launch.sh"],
        "env": [node, *_variables(environment | shared), *([from_secret] if password else [])],
        "readinessProbe": {"httpGet": {"host": "127.0.0.1", "path": "/status", "port": 6784}},
        "resources": {"requests": {"cpu": "50m"}},
        "securityContext": {"privileged": True},
        "volumeMounts": [
            {"name": "weavedb", "mountPath": "/weavedb"},
            {"name": "dbus", "mountPath": "/host/var/lib/dbus", "readOnly": True},
            {"name": "machine-id", "mountPath": "/host/etc/machine-id", "readOnly": True},
            lock,
        ],
    }
    npc = {
        "name": "weave-npc",
        "image": f"docker.io/rajchaudhuri/weave-npc:{version}",
        "env": [node, *_variables(shared)],
        "resources": {"requests": {"cpu": "50m"}},
        "securityContext": {"privileged": True},
        "volumeMounts": [lock],
    }
    labels = {"name": NAME}
    annotations = {"annotations": {"underlay/password": _digest(password)}} if password else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": _metadata(labels=labels),
        "spec": {
            "selector": {"matchLabels": labels},
            "minReadySeconds": 5,
            # Agents of different settings do not connect: replacing them one by one would partition the network.
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
            "template": {
                "metadata": {"labels": labels, **annotations},
                "spec": {
                    "hostNetwork": True,
                    "dnsPolicy": "ClusterFirstWithHostNet",
                    "priorityClassName": "system-node-critical",
                    "serviceAccountName": NAME,
                    "tolerations": [
                        {"operator": "Exists", "effect": "NoSchedule"},
                        {"operator": "Exists", "effect": "NoExecute"},
                    ],
                    "initContainers": [init],
                    "containers": [agent, *([npc] if network_policy else [])],
                    "volumes": [
                        {"name": "weavedb", "hostPath": {"path": "/var/lib/weave", "type": "DirectoryOrCreate"}},
                        *({"name": name, "hostPath": {"path": path}} for name, (path, _) in _HOST.items()),
                        {"name": "machine-id", "hostPath": {"path": "/etc/machine-id"}},
                        {"name": "dbus", "hostPath": {"path": "/var/lib/dbus", "type": "DirectoryOrCreate"}},
                        {"name": "lib-modules", "hostPath": {"path": "/lib/modules"}},
                        {"name": "xtables-lock", "hostPath": {"path": "/run/xtables.lock", "type": "FileOrCreate"}},
                    ],
                },
            },
        },
    }


def _digest(password: str) -> str:
    """A digest of the password, so that a new one replaces the agents; slow to compute, since anybody may read it."""
    return hashlib.scrypt(password.encode(), salt=NAME.encode(), n=2**12, r=8, p=1, dklen=8).hex()


def _variables(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def _metadata(*, of_cluster: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": NAME, **({} if of_cluster else {"namespace": NAMESPACE}), **more}


def _role(kind: str, rules: list[dict[str, Any]]) -> Object:
    of_cluster = kind == "ClusterRole"
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": _metadata(of_cluster=of_cluster), "rules": rules}


def _binding(kind: str) -> Object:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": _metadata(of_cluster=kind == "ClusterRole"),
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
    }
