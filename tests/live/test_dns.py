"""Cluster DNS, as pods use it: names, search paths, records of every kind, UDP and TCP, inside and outside."""

from __future__ import annotations

import pytest

from underlay.verify.service_endpoints import SHORT_NAMES
from underlay.verify.traffic_results import TrafficResults

_LOOK = "the pods and the log of CoreDNS, and the Service kube-dns"


def test_name(measured: TrafficResults, node: str) -> None:
    """A pod finds a Service by its full name"""
    measured.expect(node, "name", look=_LOOK)


@pytest.mark.parametrize("short", SHORT_NAMES)
def test_search_path(measured: TrafficResults, node: str, short: str) -> None:
    """A pod finds a Service by a short name, through its search path"""
    measured.expect(node, f"name {short}", look="/etc/resolv.conf of a pod (the kubelet's clusterDomain), and CoreDNS")


def test_headless(measured: TrafficResults, node: str) -> None:
    """A headless Service's name has the addresses of all its pods"""
    measured.expect(node, "dns headless", look=_LOOK)


def test_srv(measured: TrafficResults, node: str) -> None:
    """A named port has a SRV record for each pod"""
    measured.expect(node, "dns srv", look=_LOOK)


def test_truncation(measured: TrafficResults, node: str) -> None:
    """An answer that does not fit a datagram is marked so"""
    measured.expect(node, "dns truncated", look=_LOOK)


def test_tcp(measured: TrafficResults, node: str) -> None:
    """The whole of it is had over TCP"""
    measured.expect(node, "dns tcp", look="packet filters for TCP port 53, and CoreDNS")


def test_external_name(measured: TrafficResults, node: str) -> None:
    """A Service of type ExternalName leads to the name it has"""
    measured.expect(node, "dns elsewhere", look=_LOOK)


def test_outside(measured: TrafficResults, node: str) -> None:
    """Names from outside the cluster are resolved, where the host's own name server does"""
    measured.expect(node, "dns outside", look="`forward` in CoreDNS' configuration, and /etc/resolv.conf of its node")
