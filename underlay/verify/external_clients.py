"""Services as clients outside the cluster see them: asked from the machine that verifies, by nobody's help."""

from __future__ import annotations

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

from underlay.resources.objects import KUBECTL

from .probe_objects import NAME, NAMESPACE
from .target import Target
from .timeouts import SETTLE
from .traffic_results import NOT_ASKED, TrafficResults

QUESTIONS = frozenset({"outside", "local", "balanced"})
"""What answers to them are given under."""
_CONNECT_S = 2.0
# Where nothing may answer, every second counts once for each node.
_SILENT_S = 1.0


def ask(target: Target, measured: TrafficResults, services: dict[str, Any], chosen: str) -> None:
    """NodePorts on every node, and the load balancer if there is one; `chosen` is the node of the single endpoint."""
    cluster = target.spec.cluster
    node_port, local_port = (services[s]["ports"][0]["nodePort"] for s in ("probe-node", "probe-chosen"))
    with ThreadPoolExecutor(max_workers=8) as pool:
        balanced = pool.submit(_balanced, target, services)
        reached = dict(zip(cluster.nodes, pool.map(lambda n: _reached(target, n.name), cluster.nodes), strict=True))
        seen = dict(
            zip(cluster.nodes, pool.map(lambda n: _node_port(str(n.address), node_port), cluster.nodes), strict=True)
        )
        inside = [str(n.address) for n in cluster.nodes]
        local = pool.map(lambda n: _local(target, str(n.address), local_port, n.name == chosen, inside), cluster.nodes)
        for node, told in zip(cluster.nodes, local, strict=True):
            away = f"{NOT_ASKED}this machine does not reach {node.address} itself"
            measured.given[node.name, "outside"] = seen[node] if reached[node] else away
            measured.given[node.name, "local"] = told if reached[node] else away
        measured.given["", "balanced"] = balanced.result()


def get(address: str, port: int, path: str, *, timeout: float = _CONNECT_S) -> tuple[str, str]:
    """Body of a page, and the address it was asked from. OSError where none comes."""
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.connect()
        own = connection.sock.getsockname()[0]
        connection.request("GET", path)
        return connection.getresponse().read().decode(errors="replace"), own
    except http.client.HTTPException as error:
        raise OSError(str(error)) from None
    finally:
        connection.close()


def _reached(target: Target, name: str) -> bool:
    """Whether this machine reaches a node's own address, as SSH's port shows, or a refusal of it."""
    port = int(target.variables[name].get("ssh_port", 22))
    try:
        socket.create_connection((str(target.spec.cluster.node(name).address), port), timeout=_CONNECT_S).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


def _node_port(address: str, port: int) -> str:
    until = time.monotonic() + SETTLE
    while True:
        try:
            body = get(address, port, "/hostname")[0]
            seen = "ok" if body.startswith(f"{NAME}-") else f"{address}:{port} answers {body[:80]}"
        except OSError as error:
            seen = f"{address}:{port} does not answer: {error}"
        if seen == "ok" or time.monotonic() > until:
            return seen
        time.sleep(0.3)


def _local(target: Target, address: str, port: int, has_endpoint: bool, nodes: list[str]) -> str:
    """With externalTrafficPolicy Local: the endpoint's node answers and shows the client's address, others do not."""
    until = time.monotonic() + SETTLE
    while True:
        try:
            body, own = get(address, port, "/clientip", timeout=_CONNECT_S if has_endpoint else _SILENT_S)
            client = body.rpartition(":")[0].strip("[]")
            if not has_endpoint:
                seen = f"{address}:{port} answers, and the node has no endpoint"
            elif client != own and _is_clusters(target, client, nodes):
                seen = f"the pod sees {client}, not the client's address {own}"
            else:
                seen = "ok"
        except OSError as error:
            seen = f"{address}:{port} does not answer: {error}" if has_endpoint else "ok"
        if seen == "ok" or time.monotonic() > until:
            return seen
        time.sleep(0.3)


def _is_clusters(target: Target, client: str, nodes: list[str]) -> bool:
    """An address that only the cluster itself can have put in the client's place."""
    return client in nodes or any(ip_address(client) in subnet for subnet in target.spec.cluster.pod_subnets)


def _balanced(target: Target, services: dict[str, Any]) -> str:
    if "probe-balanced" not in services:
        return f"{NOT_ASKED}a load balancer of a cloud would be made and paid for"
    service, ingress = f"-n {NAMESPACE} service/probe-balanced", "status.loadBalancer.ingress[0]"
    host = target.host(target.spec.cluster.first.name, lane="balanced")
    declared = target.spec.load_balancer
    patience = SETTLE if declared else SETTLE // 2
    if host.run(f"{KUBECTL} wait {service} --for=jsonpath='{{.{ingress}}}' --timeout={patience}s").rc:
        if declared:
            return f"{declared.provider} gives the Service no address within {patience} s"
        return f"{NOT_ASKED}no provider of load balancers gives the Service an address"
    address = target.kubectl(f"get {service} -o \"jsonpath={{.{ingress}['ip','hostname']}}\"", lane="balanced").strip()
    return _node_port(address, services["probe-balanced"]["ports"][0]["port"])
