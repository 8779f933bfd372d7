"""What a capture between two nodes shows while their pods communicate, if this mode and no other is in use."""

from __future__ import annotations

from dataclasses import dataclass

from .cluster import Cluster


@dataclass(frozen=True)
class Wire:
    """Filters in pcap's language, for the link that carries node traffic.

    `shows` matches packets that must appear, in both directions; `never` those that must not ("" for none). Filters see
    the outermost headers, so that pod addresses in `never` mean pods in the clear. `never_sent` applies to packets that
    leave the node only: those an IPsec tunnel decrypts appear on the link a second time.
    """

    shows: str
    never: str = ""
    never_sent: str = ""


def pods_in_the_clear(cluster: Cluster) -> str:
    """A pcap filter for packets whose outermost addresses are pods', of every IP version that the cluster has."""
    return " or ".join(f"net {subnet}" for subnet in cluster.pod_subnets)
