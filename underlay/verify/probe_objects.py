"""What a verification creates in the cluster while it runs: a server on every node, and Services of every type."""

from __future__ import annotations

from typing import Any

from underlay.model.check import VERIFICATION_NAMESPACE
from underlay.model.cluster import Cluster

NAMESPACE = VERIFICATION_NAMESPACE
NAME = "probe"
TCP, UDP = 8080, 8081
HOST_PORT = 18080
"""The hostPort of each node's server pod."""
HOST_SERVER = 18081
"""The port of a server on each host itself, to measure the network below."""
# The label of the endpoint of Services that have a single one.
CHOSEN = "underlay/chosen"
MANY = {4: [f"192.0.2.{n}" for n in range(1, 61)], 6: [f"2001:db8::{n:x}" for n in range(1, 61)]}
"""Documentation addresses of each IP version, more than fit the 512 bytes of a DNS message over UDP."""

Object = dict[str, Any]
_BOTH = {"ipFamilyPolicy": "PreferDualStack"}


def probe_objects(cluster: Cluster, image: str) -> list[Object]:
    ports = [{"name": "http", "port": TCP}, {"name": "udp", "port": UDP, "protocol": "UDP"}]
    labels = {"app": NAME}
    chosen = {"app": NAME, CHOSEN: "yes"}
    found = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        _servers(NAME, image, container=_container(image), host=False),
        _servers("host-probe", image, container=_host_container(image), host=True),
        _service("probe", labels, ports, **_BOTH),
        _service("probe-headless", labels, ports, clusterIP="None"),
        _service("probe-local", labels, ports, internalTrafficPolicy="Local", **_BOTH),
        _service("probe-sticky", labels, ports, sessionAffinity="ClientIP"),
        _service("probe-node", labels, ports[:1], type="NodePort", **_BOTH),
        _service("probe-chosen", chosen, ports[:1], type="NodePort", externalTrafficPolicy="Local"),
        _service("probe-elsewhere", None, None, type="ExternalName", externalName=name_of("probe")),
        _service("probe-many", None, ports[:1], clusterIP="None"),
        _many(cluster.families[0], ports[:1]),
    ]
    # In a cloud it would be created and charged for.
    return [*found, *([] if cluster.cloud else [_service("probe-balanced", labels, ports[:1], type="LoadBalancer")])]


def name_of(service: str) -> str:
    return f"{service}.{NAMESPACE}.svc.cluster.local"


def _container(image: str) -> Object:
    return {
        "name": NAME,
        "image": image,
        "args": ["netexec", f"--http-port={TCP}", f"--udp-port={UDP}"],
        "ports": [{"containerPort": TCP, "hostPort": HOST_PORT}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": TCP}, "periodSeconds": 1},
        "volumeMounts": [{"name": "uploads", "mountPath": "/uploads"}],
    }


def _host_container(image: str) -> Object:
    # It accepts requests only with a UDP server.
    arguments = ["netexec", f"--http-port={HOST_SERVER}", f"--udp-port={HOST_SERVER}"]
    mounts = [{"name": "uploads", "mountPath": "/uploads"}]
    return {"name": "host-probe", "image": image, "args": arguments, "volumeMounts": mounts}


def _servers(name: str, image: str, *, container: Object, host: bool) -> Object:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "tolerations": [{"operator": "Exists"}],
                    "terminationGracePeriodSeconds": 0,
                    "automountServiceAccountToken": False,
                    "hostNetwork": host,
                    "containers": [container],
                    "volumes": [{"name": "uploads", "emptyDir": {}}],
                },
            },
        },
    }


def _service(name: str, selector: Object | None, ports: list[Object] | None, **more: Any) -> Object:
    spec = {"selector": selector, "ports": ports, **more}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {key: value for key, value in spec.items() if value is not None},
    }


def _many(version: int, ports: list[Object]) -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "probe-many",
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": "probe-many"},
        },
        "addressType": f"IPv{version}",
        "ports": ports,
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in MANY[version]],
    }
