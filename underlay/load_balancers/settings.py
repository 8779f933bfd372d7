"""The load balancer of an inventory: its settings, and why they cannot work on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import combinations
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from underlay.model.cluster import Cluster

Ends = tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address]


class LoadBalancerSettings(BaseModel):
    """The variable `load_balancer`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Literal["metallb"] = Field("metallb", description="what assigns the addresses and announces them")
    addresses: dict[str, tuple[str, ...]] = Field(
        min_length=1, description="rack -> unused ranges of its segment: 192.0.2.240-192.0.2.250 or a subnet"
    )

    @field_validator("addresses")
    @classmethod
    def _ranges(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for rack, ranges in value.items():
            if not ranges:
                raise ValueError(f"{rack} has no range")
            for text in ranges:
                ends(text)
        return value

    def problems(self, cluster: Cluster) -> Iterator[str]:
        """Why it cannot work on this cluster, each as `<setting>: <what is wrong> (<what it is>); <remedy>`."""
        if cluster.cloud:
            yield "load_balancer: a cloud's network ignores addresses that nodes announce; remove it"
        if cluster.kube_proxy_mode == "ipvs" and not cluster.kube_proxy.get("ipvs", {}).get("strictARP"):
            yield (
                "load_balancer: with IPVS every node answers ARP for every address; "
                'set kube_proxy = {"mode": "ipvs", "ipvs": {"strictARP": True}}'
            )
        racks = ", ".join(dict.fromkeys(n.rack for n in cluster.nodes if not n.is_control_plane)) or "none"
        for rack in self.addresses:
            if not announcers(cluster, rack):
                yield (
                    f"load_balancer.addresses.{rack}: the rack has no worker to announce them; "
                    f"use a rack with workers: {racks}"
                )
        found = [
            (f"load_balancer.addresses.{r}: {text}", ends(text)) for r, all_ in self.addresses.items() for text in all_
        ]
        other = [(where, first.version) for where, (first, _) in found if first.version not in cluster.families]
        yield from (f"{where} is IPv{v}, and Services have no such addresses; choose others" for where, v in other)
        for where, (first, last) in found:
            for node in cluster.nodes:
                for address in node.addresses:
                    if _meet((first, last), (address, address)):
                        yield f"{where} contains the address of {node.name} ({address}); choose others"
            for subnet in (*cluster.pod_subnets, *cluster.service_subnets):
                if _meet((first, last), (subnet[0], subnet[-1])):
                    yield f"{where} overlaps {subnet} of the cluster; choose others"
        for (where, one), (_, two) in combinations(found, 2):
            if _meet(one, two):
                yield f"{where} overlaps {two[0]}-{two[1]}; put each address in one range only"


def announcers(cluster: Cluster, rack: str) -> tuple[str, ...]:
    """The nodes that announce a rack's addresses: its workers, since kubeadm labels control planes as excluded."""
    return tuple(n.name for n in cluster.nodes if n.rack == rack and not n.is_control_plane)


def ends(text: str) -> Ends:
    """First and last address of a range.

    :raises ValueError: if it is not a range.
    """
    first, dash, last = text.partition("-")
    try:
        if dash:
            found: Ends = (ip_address(first.strip()), ip_address(last.strip()))
        else:
            subnet = ip_network(text)
            found = (subnet[0], subnet[-1])
    except ValueError as error:
        raise ValueError("a range has the form 192.0.2.240-192.0.2.250 or 192.0.2.240/28") from error
    if found[0].version != found[1].version or found[0] > found[1]:  # type: ignore[operator]
        raise ValueError(f"the end of {text} is before its beginning")
    return found


def _meet(one: Ends, other: Ends) -> bool:
    return one[0].version == other[0].version and one[0] <= other[1] and other[0] <= one[1]  # type: ignore[operator]
