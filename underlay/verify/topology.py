"""What the report draws: nodes, links, routes and sessions as they are, not as they were requested."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from underlay import __version__
from underlay.report.document import CheckResult
from underlay.report.observed import ObservedNetwork, ObservedNode, ObservedPath, ObservedRouter, ObservedSession
from underlay.resources.api_server import SECONDS
from underlay.routing.session_check import SessionRow
from underlay.routing.sessions import Session

from .link_state import command, read_output
from .probe_objects import NAMESPACE
from .target import Target

_IMAGES = "get pods -A -o 'jsonpath={range .items[*]}{.metadata.namespace} {.spec.containers[*].image}{\"\\n\"}{end}'"

# A report is written whether or not the API answers.
_TIMEOUT = f"--request-timeout={SECONDS}s"


def network(target: Target) -> ObservedNetwork:
    network, cluster = target.spec.network, target.spec.cluster
    return ObservedNetwork(
        mode=network.mode,
        data_path=network.data_path,
        pod_subnet=str(cluster.pod_subnet),
        pod_subnets=[str(s) for s in cluster.pod_subnets],
        service_subnets=[str(s) for s in cluster.service_subnets],
        pod_mtu=network.pod_mtu(cluster),
        path_mtu=cluster.path_mtu,
        kube_proxy="" if network.replaces_kube_proxy else cluster.kube_proxy_mode,
        routes=cluster.routes.value,
    )


def routers(target: Target) -> dict[str, ObservedRouter]:
    bgp = target.spec.cluster.bgp
    return {
        r.name: ObservedRouter(rack=r.rack, address=str(r.address), as_number=r.as_number, managed=r.managed)
        for r in (bgp.routers if bgp else ())
    }


def nodes(target: Target) -> tuple[dict[str, ObservedNode], dict[str, list[str]]]:
    """Every node that the API has or the inventory names, and every version that was found."""
    registered, images = _registered(target), _images(target)
    subnets = {name: item["spec"].get("podCIDRs", []) for name, item in registered.items()}
    names = [n.name for n in target.nodes]
    with ThreadPoolExecutor(max_workers=8) as pool:
        observed = dict(zip(names, pool.map(lambda n: _observed(target, n, subnets), names), strict=True))
    found = {
        name: ObservedNode(
            **{**_of_api(registered.get(name)), **observed.get(name, {}), "pod_subnets": subnets.get(name, [])}
        )
        for name in (*names, *(n for n in registered if n not in names))
    }
    versions: dict[str, set[str]] = {"underlay": {__version__}}
    for node in found.values():
        for what, version in (
            ("Kubernetes", node.version),
            ("container runtime", node.runtime),
            ("kernel", node.kernel),
            ("system", node.system),
        ):
            versions.setdefault(what, set()).update([version] if version else [])
    return found, {what: sorted(found) for what, found in (versions | images).items() if found}


def sessions(rows: Mapping[Session, SessionRow]) -> list[ObservedSession]:
    return [
        ObservedSession(
            one=s.one.host,
            other=s.other.host,
            one_as=s.one.as_number,
            other_as=s.other.as_number,
            state=" / ".join(dict.fromkeys(side.state for side in (row.one, row.other))),
            problem="; ".join(row.problems),
        )
        for s, row in rows.items()
    ]


def paths(target: Target, checks: Sequence[CheckResult]) -> list[ObservedPath]:
    """What the probes measured of each path; without that, the results of checks of pairs of nodes."""
    if measured := getattr(target, "paths", None):
        known = {f.alias or name for name, f in ObservedPath.model_fields.items()}
        return [ObservedPath.model_validate({k: v for k, v in path.items() if k in known}) for path in measured]
    found: dict[tuple[str, str], dict[str, str]] = {}
    for check in checks:
        one, _, other = check.name.partition(" to ")
        if check.outcome != "skipped" and {one, other} <= {n.name for n in target.nodes}:
            found.setdefault((one, other), {})[check.area] = "ok" if check.outcome == "passed" else check.detail
    rack = {n.name: n.rack for n in target.nodes}
    return [
        ObservedPath.model_validate({"from": one, "to": other, "class": _class(one, other, rack), "checks": results})
        for (one, other), results in found.items()
    ]


def _class(one: str, other: str, rack: Mapping[str, str]) -> str:
    if one == other:
        return "same node"
    return "same rack" if rack[one] == rack[other] else "across racks"


def _registered(target: Target) -> dict[str, Any]:
    try:
        return {i["metadata"]["name"]: i for i in json.loads(target.kubectl(f"get nodes -o json {_TIMEOUT}"))["items"]}
    except (AssertionError, ValueError):
        return {}


def _of_api(item: dict[str, Any] | None) -> dict[str, Any]:
    if item is None:
        return {}
    ready = next((c["status"] for c in item["status"].get("conditions", ()) if c["type"] == "Ready"), "Unknown")
    info = item["status"]["nodeInfo"]
    return {
        "version": info["kubeletVersion"],
        "state": "Ready" if ready == "True" else "NotReady",
        "system": info["osImage"],
        "kernel": info["kernelVersion"],
        "runtime": info["containerRuntimeVersion"],
    }


def _observed(target: Target, name: str, subnets: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    node = target.spec.cluster.node(name)
    known = {"role": node.role.value, "rack": node.rack, "address": str(node.address)}
    try:
        output = target.host(name).run(command(name, subnets)).stdout
    except AssertionError:
        return known
    return {**known, **read_output(output, address=str(node.address))}


def _images(target: Target) -> dict[str, set[str]]:
    """Image -> its tags that run: `kube-proxy` -> {`v1.37.2`}."""
    found: dict[str, set[str]] = {}
    try:
        lines = [line.split() for line in target.kubectl(f"{_IMAGES} {_TIMEOUT}").splitlines()]
    except AssertionError:
        return {}
    for namespace, *references in (line for line in lines if line):
        for reference in references if namespace != NAMESPACE else ():
            name, _, tag = reference.partition("@")[0].rpartition("/")[2].partition(":")
            found.setdefault(name, set()).add(tag or "latest")
    return found
