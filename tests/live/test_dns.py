"""Cluster DNS, as pods use it: names, search paths, records of every kind, UDP and TCP, inside and outside."""

from __future__ import annotations

import pytest

from underlay.verify.service_endpoints import SHORT_NAMES
from underlay.verify.traffic_results import TrafficResults

_LOOK = "the pods and the log of CoreDNS, and the Service kube-dns"


def test_name(measured: TrafficResults, node: str) -> None:
    """A pod resolves a Service by its full name"""
    measured.expect(node, "name", look=_LOOK)


@pytest.mark.parametrize("short", SHORT_NAMES)
def test_search_path(measured: TrafficResults, node: str, short: str) -> None:
    """A pod resolves a Service by a short name, through its search path"""
    measured.expect(node, f"name {short}", look="/etc/resolv.conf of a pod (the kubelet's clusterDomain), and CoreDNS")


def test_headless(measured: TrafficResults, node: str) -> None:
    """A headless Service's name resolves to the addresses of all its pods"""
    measured.expect(node, "dns headless", look=_LOOK)


def test_srv(measured: TrafficResults, node: str) -> None:
    """A named port has an SRV record for each pod"""
    measured.expect(node, "dns srv", look=_LOOK)


def test_truncation(measured: TrafficResults, node: str) -> None:
    """A response that does not fit a datagram is marked as truncated"""
    measured.expect(node, "dns truncated", look=_LOOK)


def test_tcp(measured: TrafficResults, node: str) -> None:
    """The whole response is available over TCP"""
    measured.expect(node, "dns tcp", look="packet filters for TCP port 53, and CoreDNS")


def test_external_name(measured: TrafficResults, node: str) -> None:
    """A Service of type ExternalName resolves to its external name"""
    measured.expect(node, "dns alias", look=_LOOK)


def test_outside(measured: TrafficResults, node: str) -> None:
    """Names outside the cluster resolve, where the host's own name server resolves them"""
    measured.expect(node, "dns outside", look="`forward` in CoreDNS's configuration, and /etc/resolv.conf of its node")


def test_own(measured: TrafficResults, node: str) -> None:
    """The host's own name server answers it, as before the deploy"""
    measured.expect(
        node, "dns host", look="/etc/resolv.conf of the host, and pod_subnet and service_subnet: its server is outside"
    )
