"""Which routes of a node lead into the pod subnet, whoever installed them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from underlay.model.cluster import Cluster


def subnet_of(cluster: Cluster, version: int) -> IPv4Network | IPv6Network:
    """The pod subnet of an IP version.

    :raises StopIteration: if the cluster has no pods of that version.
    """
    return next(s for s in cluster.pod_subnets if s.version == version)


def inside(prefixes: Iterable[str], outer: Iterable[str]) -> dict[str, str]:
    """The prefixes that are a part of one of the outer ones, each with that one."""
    nets = [ip_network(o) for o in outer]
    found = {}
    for prefix in prefixes:
        net = ip_network(prefix)
        of = [o for o in nets if o.version == net.version and o != net and net.subnet_of(o)]  # type: ignore[arg-type]
        if of:
            found[prefix] = str(max(of, key=lambda o: o.prefixlen))
    return found


def routes_to_pods(output: str, cluster: Cluster, version: int) -> Iterator[dict[str, Any]]:
    """The routes of `ip -json route` whose destination is inside the pod subnet of that IP version."""
    subnet = subnet_of(cluster, version)
    for route in json.loads(output or "[]"):
        if route["dst"] in ("default", "multicast"):
            continue
        target = ip_network(route["dst"])
        if target.version == subnet.version and target.subnet_of(subnet):  # type: ignore[arg-type]
            yield route
