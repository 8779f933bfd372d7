"""Findings about addresses outside the cluster: those that its ranges would hide, and the endpoint as hosts see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

from underlay.findings.finding import Problems
from underlay.inventory.claimed_ranges import Claim, claims
from underlay.load_balancers.settings import LoadBalancerSettings
from underlay.model.cluster import Cluster
from underlay.plan.host_questions import HostAnswers
from underlay.plan.membership import is_bare, marked
from underlay.plan.required_ports import API
from underlay.plan.surroundings import (
    Address,
    Outside,
    addresses_in_files,
    connections,
    name_servers,
    named,
    numeric,
    resolved,
    time_servers,
)
from underlay.resources.answer import Answered

from .links import ip_objects
from .resolver_findings import resolver_problems


def surrounding_problems(
    cluster: Cluster, load_balancer: LoadBalancerSettings | None, answers: HostAnswers, first: HostAnswers
) -> Problems:
    """All of them, as far as the host has answered.

    In a cluster, and where it was in one of ours, pods and Services are among what it talks to.

    :param first: the answers of the first control-plane host.
    """
    said = {name: answer.line for name, answer in answers.items() if isinstance(answer, Answered)}
    servers = said.get("name-servers", "")
    if cluster.kubelet.get("resolvConf") != "":
        yield from resolver_problems(servers)
    yield from endpoint_problems(cluster, said.get("endpoint", ""))
    yield from endpoint_nodes(cluster, said.get("endpoint", ""), is_new=is_bare(first))
    outside = [*name_servers(servers), *time_servers(said.get("time-servers", ""))]
    outside += (
        Outside("control_plane_endpoint as the host resolves it", a) for a in resolved(said.get("endpoint", ""))
    )
    outside += addresses_in_files(said.get("configured", ""))
    outside += named(said.get("names", ""))
    if is_bare(answers):
        outside += gateways(ip_objects(said.get("routes", "")))
        outside += connections(said.get("connections", "")) if not marked(answers) else []
    yield from hidden_problems(claims(cluster, load_balancer), outside)


def hidden_problems(ranges: Iterable[Claim], outside: Iterable[Outside]) -> Problems:
    """What a host lives by and will reach no longer, as a pod, a Service or nothing has the address."""
    found = dict.fromkeys(outside)
    for claim in ranges:
        for known in found:
            if known.address in claim:
                contains = f"{claim.where} {claim.text} contains {known.what} ({known.address})"
                yield "subnet-hides-address", f"{contains}; choose another"


def gateways(routes: Iterable[Mapping[str, object]]) -> Iterator[Outside]:
    """The routers of a host's routes, out of `ip -json route`."""
    for route in routes:
        hops = route.get("nexthops")
        for hop in (route, *(hops if isinstance(hops, list) else ())):
            for key in ("gateway", "via"):
                stated = hop.get(key)
                text = stated.get("host") if isinstance(stated, Mapping) else stated
                # The end of a tunnel is inside what it leads to, which overlaps as a route.
                if isinstance(text, str) and (address := numeric(text)) is not None and not _inside(address, route):
                    yield Outside(f"the router of the route {route.get('dst', 'default')}", address)


def _inside(address: Address, route: Mapping[str, object]) -> bool:
    target = str(route.get("dst", "default"))
    return target != "default" and address in ip_network(target, strict=False)


def endpoint_problems(cluster: Cluster, line: str) -> Problems:
    """What is wrong with the endpoint's name on one host.

    :param line: what u_resolved prints.
    """
    name = cluster.api_host
    if line in ("unknown", "silent"):
        why = "the host does not resolve" if line == "unknown" else "the host's name servers do not answer for"
        yield (
            "endpoint-unresolved",
            f"{why} {name}, the control_plane_endpoint; enter it in DNS, or in /etc/hosts of every host",
        )
        return
    addresses = resolved(line)
    if addresses and all(a.is_loopback for a in addresses):
        what = f"{name}, the control_plane_endpoint, is {_listed(addresses)} here, the host itself"
        yield "endpoint-loopback", f"{what}; correct its /etc/hosts: kubelets and Services reach the API by this name"


def endpoint_nodes(cluster: Cluster, line: str, *, is_new: bool) -> Problems:
    """Where the endpoint's name leads to a node on which no API answers, on the port of the API itself.

    :param is_new: whether the first control-plane host has no API yet.
    """
    found = set(resolved(line))
    if not found or cluster.api_port != API.number:
        return
    owners = [node for node in cluster.nodes if found & set(node.addresses)]
    has_api = [n for n in owners if n.is_control_plane and (n == cluster.first or not is_new)]
    if owners and not has_api and all(any(a in n.addresses for n in owners) for a in found):
        node = owners[0]
        why = "a worker" if not node.is_control_plane else f"where no API answers before {cluster.first.name} has one"
        leads = (
            f"{cluster.api_host}, the control_plane_endpoint, is {_listed(found)} here, {node.name}'s address, {why}"
        )
        yield "endpoint-elsewhere", f"{leads}; correct /etc/hosts or DNS: it leads to the control plane"


def endpoint_differences(cluster: Cluster, lines: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Code, host and sentence for each host on which the endpoint is another machine than on most others.

    Where it is the host itself, or a worker, has a finding of its own.
    """
    # In the inventory's order, whoever answered first.
    names = [node.name for node in cluster.nodes if node.name in lines]
    by_host = {name: frozenset(a for a in resolved(lines[name]) if not a.is_loopback) for name in names}
    known = [found for found in by_host.values() if found]
    if not known:
        return
    usual = max(known, key=lambda found: (known.count(found), -known.index(found)))
    workers = {address for node in cluster.nodes if not node.is_control_plane for address in node.addresses}
    for host, found in by_host.items():
        if found and not found & usual and not found <= workers:
            differs = f"{cluster.api_host}, the control_plane_endpoint, is {_listed(found)} here"
            yield "endpoint-differs", host, f"{differs} and {_listed(usual)} elsewhere; compare /etc/hosts and DNS"


def _listed(addresses: Iterable[Address]) -> str:
    return ", ".join(sorted(map(str, addresses)))
