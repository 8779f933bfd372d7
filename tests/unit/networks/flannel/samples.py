"""What the tests of Flannel's modes share: a node's output of `ip -json`, and the objects that are applied."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.clusters import cluster, one_rack
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.networks.flannel.flannel import Flannel

HOST = [
    {"dst": "default", "gateway": "192.0.2.254", "dev": "eth0", "flags": []},
    {"dst": "10.244.0.0/24", "dev": "cni0", "protocol": "kernel", "scope": "link", "prefsrc": "10.244.0.1"},
    {"dst": "192.0.2.0/24", "dev": "eth0", "protocol": "kernel", "scope": "link", "prefsrc": "192.0.2.1"},
    {"dst": "198.51.100.0/24", "gateway": "192.0.2.254", "dev": "eth0", "flags": []},
    {"type": "blackhole", "dst": "10.9.0.0/16", "flags": []},
]
HOST_V6 = [
    {"dst": "fd00:10:244::/64", "dev": "cni0", "protocol": "kernel", "metric": 256, "flags": [], "pref": "medium"},
    {"dst": "2001:db8::/64", "dev": "eth0", "protocol": "kernel", "metric": 256, "flags": [], "pref": "medium"},
    {"dst": "fe80::/64", "dev": "eth0", "protocol": "kernel", "metric": 256, "flags": [], "pref": "medium"},
    {"dst": "default", "gateway": "2001:db8::254", "dev": "eth0", "metric": 1024, "flags": [], "pref": "medium"},
]
LINKS = [{"ifname": name, "mtu": 1500, "flags": ["UP"]} for name in ("lo", "eth0", "cni0", "vethe0c0ffee@if2")]


def judged(network: Flannel, name: str, output: object, *, node: str = "cp-1", of: Cluster | None = None) -> str | None:
    """The verdict of a check of the mode on a command's output, as text or as data."""
    text = output if isinstance(output, str) else json.dumps(output)
    return check(network, name, node=node, of=of).judge(text)


def check(network: Flannel, name: str, *, node: str = "cp-1", of: Cluster | None = None) -> Check:
    return next(c for c in network.checks(of or cluster()) if c.name == name and c.node == node)


def link(name: str, kind: str, mtu: int, **data: Any) -> list[dict[str, Any]]:
    """A link of `ip -json -details link show`."""
    flags = ["POINTOPOINT", "NOARP", "UP", "LOWER_UP"]
    return [{"ifname": name, "flags": flags, "mtu": mtu, "linkinfo": {"info_kind": kind, "info_data": data}}]


def configuration(network: Flannel, of: Cluster | None = None) -> dict[str, Any]:
    """The entries of flanneld's configuration, as data."""
    found = next(o for o in network.addon(of or one_rack()).objects if o["metadata"]["name"] == "kube-flannel-cfg")
    entries = found["data"] if found["kind"] == "ConfigMap" else found["stringData"]
    return {name: json.loads(text) for name, text in entries.items()}


def net_conf(network: Flannel, of: Cluster | None = None) -> dict[str, Any]:
    return dict(configuration(network, of)["net-conf.json"])


def flanneld(network: Flannel, of: Cluster | None = None) -> dict[str, Any]:
    """The pod of flanneld."""
    daemon_set = next(o for o in network.addon(of or one_rack()).objects if o["kind"] == "DaemonSet")
    return dict(daemon_set["spec"]["template"]["spec"])
