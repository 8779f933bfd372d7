"""WireGuard as Felix configures it: a link for each IP version, routes to other nodes in a separate table."""

from __future__ import annotations

from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.packet_header import Header, udp
from underlay.model.prerequisites import Port

NAMES = {4: "wireguard.cali", 6: "wg-v6.cali"}
PORTS = {4: 51820, 6: 51821}
# FelixConfiguration.wireguardRoutingRulePriority.
RULE_PRIORITY = 99
_ENABLED = {4: "wireguardEnabled", 6: "wireguardEnabledV6"}


def names(cluster: Cluster) -> tuple[str, ...]:
    """The links, one for each IP version of the cluster."""
    return tuple(NAMES[v] for v in cluster.families)


def headers(version: int) -> tuple[Header, ...]:
    """What follows the outer IP header of an IP version."""
    return (udp(PORTS[version]), Header("WireGuard", 32, "encrypted from here"))


def ports(cluster: Cluster) -> tuple[Port, ...]:
    """UDP ports between nodes."""
    return tuple(Port("udp", PORTS[v], "Calico WireGuard") for v in cluster.families)


def filtered(cluster: Cluster) -> str:
    """A pcap filter for its packets."""
    return " or ".join(f"udp port {PORTS[v]}" for v in cluster.families)


def felix(cluster: Cluster) -> dict[str, Any]:
    """What switches it on, as part of a FelixConfiguration's spec."""
    return {_ENABLED[v]: True for v in cluster.families}
