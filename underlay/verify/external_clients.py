"""Services as clients outside the cluster reach them: probed straight from the machine that verifies."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

from underlay.patience import stretched
from underlay.resources.api_server import KUBECTL

from .probe_objects import NAME, NAMESPACE
from .target import Target
from .timeouts import CONVERGE_S
from .traffic_results import NOT_TESTED, TrafficResults

PROBES = frozenset({"outside", "local", "balanced"})
"""The names of the probes made here."""
_CONNECT_S = stretched(2)
# Where nothing may answer, every second counts once for each node.
_SILENT_S = 1.0


def probe(target: Target, measured: TrafficResults, services: dict[str, Any], chosen: str) -> None:
    """NodePorts on every node, and the load balancer if there is one; `chosen` is the node of the single endpoint."""
    nodes = target.spec.cluster.nodes
    addresses = [str(n.address) for n in nodes]
    node_port, local_port = (services[s]["ports"][0]["nodePort"] for s in ("probe-node", "probe-chosen"))
    with ThreadPoolExecutor(max_workers=8) as pool:
        balanced = pool.submit(_load_balancer, target, services)
        reached = list(pool.map(lambda n: _reaches(target, n.name), nodes))
        outside = list(pool.map(lambda address: _node_port(address, node_port), addresses))
        local = list(pool.map(lambda n: _local(target, str(n.address), local_port, n.name == chosen, addresses), nodes))
        for i, node in enumerate(nodes):
            unreached = f"{NOT_TESTED}this machine does not reach {node.address} itself"
            measured.results[node.name, "outside"] = outside[i] if reached[i] else unreached
            measured.results[node.name, "local"] = local[i] if reached[i] else unreached
        measured.results["", "balanced"] = balanced.result()


def get(address: str, port: int, path: str, *, timeout: float = _CONNECT_S) -> tuple[str, str]:
    """Body of a page, and the client's own address.

    :raises OSError: where none comes.
    """
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


def _reaches(target: Target, name: str) -> bool:
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
    def attempt() -> str:
        try:
            body = get(address, port, "/hostname")[0]
        except OSError as error:
            return f"{address}:{port} does not answer: {error}"
        return "ok" if body.startswith(f"{NAME}-") else f"{address}:{port} answers {body[:80]}"

    return _retried(attempt)


def _local(target: Target, address: str, port: int, has_endpoint: bool, nodes: list[str]) -> str:
    """externalTrafficPolicy Local: the endpoint's node answers and preserves the client's address, others do not."""

    def attempt() -> str:
        try:
            body, own = get(address, port, "/clientip", timeout=_CONNECT_S if has_endpoint else _SILENT_S)
        except OSError as error:
            return f"{address}:{port} does not answer: {error}" if has_endpoint else "ok"
        client = body.rpartition(":")[0].strip("[]")
        if not has_endpoint:
            return f"{address}:{port} answers, but the node has no endpoint"
        if client != own and _is_clusters(target, client, nodes):
            return f"the pod sees client {client}, expected {own}"
        return "ok"

    return _retried(attempt)


def _retried(attempt: Callable[[], str]) -> str:
    """The result of the first attempt that succeeds, or of the last within CONVERGE_S."""
    deadline = time.monotonic() + CONVERGE_S
    while True:
        result = attempt()
        if result == "ok" or time.monotonic() > deadline:
            return result
        time.sleep(0.3)


def _is_clusters(target: Target, client: str, nodes: list[str]) -> bool:
    """An address that only the cluster itself can have put in the client's place."""
    return client in nodes or any(ip_address(client) in subnet for subnet in target.spec.cluster.pod_subnets)


def _load_balancer(target: Target, services: dict[str, Any]) -> str:
    if "probe-balanced" not in services:
        return f"{NOT_TESTED}a cloud would create, and charge for, a load balancer"
    service, ingress = f"-n {NAMESPACE} service/probe-balanced", "status.loadBalancer.ingress[0]"
    host = target.host(target.spec.cluster.first.name, lane="balanced")
    declared = target.spec.load_balancer
    timeout = CONVERGE_S if declared else CONVERGE_S // 2
    if host.run(f"{KUBECTL} wait {service} --for=jsonpath='{{.{ingress}}}' --timeout={timeout}s").rc:
        if declared:
            return f"{declared.provider} gives the Service no address within {timeout} s"
        return f"{NOT_TESTED}no load balancer provider gives the Service an address"
    address = target.kubectl(f"get {service} -o \"jsonpath={{.{ingress}['ip','hostname']}}\"", lane="balanced").strip()
    return _node_port(address, services["probe-balanced"]["ports"][0]["port"])
