"""Packets and connections between pods that flow while a cluster's network changes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from .deployed import ROOT as CHECKOUT
from .deployed import UNDERLAY, Deployed

PROGRAM = Path(__file__).with_name("flow.py").read_text()
IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.66.1"


def server(name: str) -> dict[str, Any]:
    """A server on every node, whatever the node's state."""
    container = {"name": "netexec", "image": IMAGE, "args": ["netexec", "--http-port=8080", "--udp-port=8081"]}
    pod = {
        "tolerations": [{"operator": "Exists"}],
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }


def service(name: str) -> dict[str, Any]:
    ports = [
        {"name": "http", "port": 8080, "protocol": "TCP"},
        {"name": "echo", "port": 8081, "protocol": "UDP"},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports},
    }


@dataclass
class Flows:
    """`gaps`: path class -> longest time without a reply, in seconds; `open`: whether its connection still works."""

    gaps: dict[str, float] = field(default_factory=dict)
    open: dict[str, bool] = field(default_factory=dict)
    late: float = 0.0
    """By how many seconds the program itself was late, at most."""


def workload(lab: Deployed, directory: Path) -> None:
    """Put two servers on every node, and a Service before the second."""
    path = directory / "servers.json"
    items = [server("one"), server("two"), service("two")]
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    lab.kubectl("apply", "-f", str(path))
    for name in ("one", "two"):
        lab.kubectl("rollout", "status", f"daemonset/{name}", "--timeout=180s")


def pods(lab: Deployed) -> dict[str, dict[str, str]]:
    """Of each server pod its server, node, address and UID, by its name."""
    items = json.loads(lab.kubectl("get", "pods", "-l", "app in (one,two)", "-o", "json"))["items"]
    return {
        p["metadata"]["name"]: {
            "app": p["metadata"]["labels"]["app"],
            "node": p["spec"]["nodeName"],
            "address": p["status"].get("podIP", ""),
            "uid": p["metadata"]["uid"],
        }
        for p in items
    }


@contextmanager
def flowing(lab: Deployed, node: str) -> Iterator[Flows]:
    """From a pod of the first server on a node to its neighbour, to pods on each other node, and to the Service."""
    found, flows = pods(lab), Flows()
    source = next(p["address"] for p in found.values() if p["app"] == "one" and p["node"] == node)
    classes = {p["address"]: _path_class(node, p["node"]) for p in found.values() if p["app"] == "two"}
    classes[lab.kubectl("get", "service", "two", "-o", "jsonpath={.spec.clusterIP}")] = "Service"
    space = (
        f"$(for n in $(ip netns list | cut -d' ' -f1); do ip -n $n -o address | grep -q ' {source}/' && echo $n; done)"
    )
    command = f"exec ip netns exec {space} python3 -c {quote(PROGRAM)} {' '.join(classes)}"
    with subprocess.Popen(
        [*UNDERLAY, "lab", "ssh", "--name", lab.name, node, command],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "flowing\n"
        try:
            yield flows
        finally:
            output, _ = process.communicate("end\n")
    said = json.loads(output)
    flows.gaps = {classes[a]: gap for a, gap in said["gaps"].items()}
    flows.open = {classes[a]: ok for a, ok in said["open"].items()}
    flows.late = said["late"]


def _path_class(node: str, other: str) -> str:
    return "same node" if node == other else f"{node} to {other}"
