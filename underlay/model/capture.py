"""What a capture between two nodes shows while their pods talk, if this mode and no other is at work."""

from __future__ import annotations

from dataclasses import dataclass

from .cluster import Cluster


@dataclass(frozen=True)
class Wire:
    """Filters in pcap's language, for the link that carries node traffic.

    `shows` matches packets there must be, in both directions; `never` packets there must be none of ("" for nothing to
    rule out). Filters see the outermost headers, so that pod addresses in `never` mean pods in the clear. `never_sent`
    is for those that leave the node alone: what an IPsec tunnel decrypts is seen on the link a second time.
    """

    shows: str
    never: str = ""
    never_sent: str = ""


def pods_in_the_clear(cluster: Cluster) -> str:
    """A pcap filter for packets whose outermost addresses are pods', of every IP version that the cluster has."""
    return " or ".join(f"net {subnet}" for subnet in cluster.pod_subnets)
