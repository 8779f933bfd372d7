"""Addresses outside the cluster that hosts and operator live by, as far as an inventory states them.

A pod or a Service that has such an address hides the machine behind it from every host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from underlay.model.cluster import Cluster
from underlay.networks.network import Network

from .claimed_ranges import Address, Claim, claims, special_ranges
from .variables import ClusterVariables

# KubeletConfiguration: the cluster's own DNS is inside service_subnet, and podCIDR inside pod_subnet.
_INSIDE = ("clusterDNS", "podCIDR")
_HOST_PORT = re.compile(r"\[([0-9a-fA-F:.]+)\](?::[0-9]+)?|([0-9.]+)(?::[0-9]+)?")

Known = Iterator[tuple[str, Address]]
"""What has the address, in words, and the address."""


def hiding(
    cluster: Cluster,
    variables: ClusterVariables,
    bad: set[str],
    *,
    network: Network | None,
    hosts: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    """Every problem of a range that hides what hosts live by, or that no packet is routed to.

    :param bad: names of invalid variables, whose ranges are not compared.
    :param hosts: each host's variables, pyinfra's among them.
    """
    found = tuple(c for c in claims(cluster, variables.load_balancer) if c.where.partition(".")[0] not in bad)
    yield from special_ranges(found)
    yield from hidden_addresses(found, outside_addresses(cluster, variables, network, hosts))


def hidden_addresses(found: tuple[Claim, ...], known: Known) -> Iterator[str]:
    """A problem for each known address that is inside a range of the cluster."""
    for what, address in dict.fromkeys(known):
        for claim in found:
            if address in claim:
                yield f"{claim.where}: {claim.text} contains {what} ({address}); choose another"


def outside_addresses(
    cluster: Cluster, variables: ClusterVariables, network: Network | None, hosts: Mapping[str, Mapping[str, Any]]
) -> Known:
    """Every such address, with what has it; the nodes' own are compared elsewhere."""
    yield from _of("control_plane_endpoint", variables.control_plane_endpoint)
    for key in ("url", "registry"):
        yield from _of(f"the mirror of artifacts.{key}", variables.artifacts.get(key))
    for scheme, url in (cluster.proxy.urls if cluster.proxy else {}).items():
        yield from _of(f"the proxy of {scheme}", url)
    for registry in cluster.registries:
        yield from _of(f"the endpoint of {registry.host}", registry.endpoint)
        yield from _of("a registry", registry.host)
    for name, settings in (("containerd", variables.containerd), ("kubelet", _outward(variables.kubelet))):
        for text in _texts(settings):
            yield from _of(f"an address of {name}", text)
    if variables.cloud is not None:
        yield from _of("cloud.endpoint", variables.cloud.endpoint)
    for router in cluster.bgp.routers if cluster.bgp else ():
        yield f"the address of {router.name}", router.address
        if router.fabric is not None:
            yield f"the fabric_address of {router.name}", router.fabric
    yield from (network.outside_addresses() if network else {}).items()
    yield from _of_connections(cluster, hosts)


def outside_names(cluster: Cluster, artifacts: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of such machines, which hosts resolve by themselves: proxies, registries, mirrors."""
    urls = [*(cluster.proxy.urls if cluster.proxy else {}).values(), *(r.endpoint for r in cluster.registries)]
    urls += [url for key in ("url", "registry") if isinstance(url := artifacts.get(key), str)]
    hosts = (urlsplit(url if "://" in url else f"//{url}").hostname or "" for url in urls)
    return tuple(dict.fromkeys(h for h in hosts if re.fullmatch(r"[a-z0-9][-a-z0-9_.]*", h) and address_in(h) is None))


def _of_connections(cluster: Cluster, hosts: Mapping[str, Mapping[str, Any]]) -> Known:
    """How the operator's machine reaches the hosts, and what their commands are given."""
    own = {address for node in cluster.nodes for address in node.addresses}
    for host, data in hosts.items():
        stated = "ssh_hostname" if data.get("ssh_hostname") else "name"
        for what, address in _of(f"the {stated} of {host}", data.get("ssh_hostname") or host):
            if address not in own:
                yield what, address
        for text in _texts(data.get("_env")):
            yield from _of(f"an address of _env of {host}", text)


def _outward(kubelet: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kubelet.items() if name not in _INSIDE}


def _texts(value: Any) -> Iterator[str]:
    """Every text in nested data, names of tables among them: containerd's registries are such names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def _of(what: str, text: Any) -> Known:
    """The address that a text is or leads to: `ADDRESS`, `ADDRESS:PORT` or a URL; none for a name."""
    if isinstance(text, str) and (address := address_in(text)) is not None:
        yield what, address


def address_in(text: str) -> Address | None:
    """The address in `ADDRESS`, `ADDRESS:PORT` or a URL; None where there is a name, or anything else."""
    try:
        host = urlsplit(text).hostname if "://" in text else text
        found = _HOST_PORT.fullmatch(host or "") if "://" not in text else None
        address = ip_address(((found[1] or found[2]) if found else host or "").partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
