"""The ranges of addresses that a cluster takes for itself, by the variable that states each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_network

from underlay.load_balancers.settings import LoadBalancerSettings, ends
from underlay.model.cluster import Cluster

Address = IPv4Address | IPv6Address

# Where packets for an address never leave the host, or never pass a router (RFC 6890).
_SPECIAL = {
    "0.0.0.0/8": "of this network alone",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "224.0.0.0/4": "multicast",
    "255.255.255.255/32": "broadcast",
    "::/127": "unspecified and loopback",
    "::ffff:0:0/96": "IPv4 in IPv6's notation",
    "fe80::/10": "link-local",
    "ff00::/8": "multicast",
}


@dataclass(frozen=True)
class Claim:
    """A range from `first` to `last`, as the inventory writes it in the variable `where`."""

    where: str
    text: str
    first: Address
    last: Address

    def __contains__(self, address: Address) -> bool:
        if address.version != self.first.version:
            return False
        return int(self.first) <= int(address) <= int(self.last)


def claims(cluster: Cluster, load_balancer: LoadBalancerSettings | None = None) -> tuple[Claim, ...]:
    """Everything that pods, Services and load balancers get their addresses from, of both IP versions."""
    subnets = {
        "pod_subnet": cluster.pod_subnet,
        "service_subnet": cluster.service_subnet,
        "pod_subnet_v6": cluster.pod_subnet_v6,
        "service_subnet_v6": cluster.service_subnet_v6,
    }
    found = [Claim(name, str(s), s[0], s[-1]) for name, s in subnets.items() if s is not None]
    for rack, ranges in load_balancer.addresses.items() if load_balancer else ():
        for text in ranges:
            first, last = ends(text)
            found.append(Claim(f"load_balancer.addresses.{rack}", text, first, last))
    return tuple(found)


def special_ranges(found: tuple[Claim, ...]) -> Iterator[str]:
    """A problem for each claim on addresses that no packet is routed to."""
    for claim in found:
        for special in _special():
            if special.first in claim or claim.first in special:
                what = f"{special.where} ({special.text})"
                yield f"{claim.where}: {claim.text} has addresses that are {what}; choose another"


@cache
def _special() -> tuple[Claim, ...]:
    return tuple(Claim(what, str(n), n[0], n[-1]) for n, what in ((ip_network(t), w) for t, w in _SPECIAL.items()))
