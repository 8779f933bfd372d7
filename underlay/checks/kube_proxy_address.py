"""Where kube-proxy on a node answers questions about itself."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from underlay.inventory.host_names import bracketed
from underlay.model.cluster import Cluster

_LOOPBACK = {4: "127.0.0.1", 6: "[::1]"}


def mode_url(cluster: Cluster) -> str:
    """Answers with the mode that kube-proxy runs in."""
    return f"http://{_listener(cluster, 'metricsBindAddress', 10249)}/proxyMode"


def health_url(cluster: Cluster) -> str:
    """Answers once kube-proxy has written its rules."""
    return f"http://{_listener(cluster, 'healthzBindAddress', 10256)}/healthz"


def _listener(cluster: Cluster, field: str, port: int) -> str:
    """HOST:PORT as seen on the node: what the inventory states, or kube-proxy's default.

    The default is an address of the family of `bindAddress`, which kubeadm takes from the API server's address.
    """
    bound = _address(str(cluster.kube_proxy.get("bindAddress"))) or cluster.first.address
    text = str(cluster.kube_proxy.get(field) or "")
    stated = _address(text)
    if stated is None and (found := re.fullmatch(r"(.*):([0-9]+)", text)):
        stated, port = _address(found[1]), int(found[2])
    if stated is None or stated.is_unspecified:
        return f"{_LOOPBACK[(stated or bound).version]}:{port}"
    return f"{bracketed(str(stated))}:{port}"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip("[]"))
    except ValueError:
        return None
