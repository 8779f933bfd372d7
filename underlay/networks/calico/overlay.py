"""Calico's overlays: the names of each in Calico's kinds, and the headers it adds to a packet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from underlay.model.packet_header import ETHERNET, Header, ip, udp
from underlay.model.prerequisites import Port


@dataclass(frozen=True)
class Overlay:
    """An overlay. `links` are by IP version; `filter` is a pcap filter for its packets; with `cross_subnet` there are
    plain routes between nodes of one rack. `gateways_are_nodes`: its routes lead through the nodes' own addresses."""

    encapsulation: str
    links: Mapping[int, str]
    module: str
    filter: str
    port: Port
    headers: tuple[Header, ...]
    cross_subnet: bool
    gateways_are_nodes: bool

    @property
    def installed_as(self) -> str:
        """Its name in an Installation."""
        return f"{self.encapsulation}CrossSubnet" if self.cross_subnet else self.encapsulation

    @property
    def pool_mode(self) -> str:
        """Its mode in an IPPool, in the field of its encapsulation."""
        return "CrossSubnet" if self.cross_subnet else "Always"


def vxlan(*, cross_subnet: bool, port: int, vni: int) -> Overlay:
    """Calico's VXLAN."""
    return Overlay(
        encapsulation="VXLAN",
        links={4: "vxlan.calico", 6: "vxlan-v6.calico"},
        module="vxlan",
        filter=f"udp port {port}",
        port=Port("udp", port, "Calico VXLAN"),
        headers=(udp(port), Header("VXLAN", 8, f"VNI {vni}"), ETHERNET),
        cross_subnet=cross_subnet,
        gateways_are_nodes=False,
    )


def ipip(*, cross_subnet: bool) -> Overlay:
    """Calico's IPIP."""
    return Overlay(
        encapsulation="IPIP",
        links={4: "tunl0"},
        module="ipip",
        filter="ip proto 4",
        port=Port("ipip", 0, "Calico IPIP"),
        headers=(),
        cross_subnet=cross_subnet,
        gateways_are_nodes=True,
    )


def outermost(version: int) -> Header:
    """The outermost header of a tunnel between two nodes."""
    return ip(version)
