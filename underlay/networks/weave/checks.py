"""How Weave carries packets: each agent's own report, and the links and the route on its node.

A connection that cannot use fast datapath falls back to sleeve silently; only the agent's report shows it.
"""

from __future__ import annotations

import json
import re

from underlay.model.cluster import Cluster
from underlay.model.difference import difference, member_difference
from underlay.model.node import Node

REPORT = "curl -sS -m 5 http://127.0.0.1:6784/report"
LINKS = "ip -json link show"
ROUTES = "ip -json route show table main"
ALL_LINKS = ("weave", "datapath", "vxlan-6784", "vethwe-bridge", "vethwe-datapath", "vethwe-pcap")


def connections_problem(cluster: Cluster, node: Node, path: str, encrypted: bool, output: str) -> str | None:
    """Whether this agent has a connection with every other node, each by the expected data path.

    :param path: "fastdp" or "sleeve".
    """
    observed: dict[str, str] = {}
    for connection in json.loads(output)["Router"]["Connections"] or ():
        # "encrypted   fastdp 1a:5b:a9:53:2b:11(w-1)"; the first word only with a password.
        info = str(connection["Info"])
        peer = re.search(r"\(([^)]+)\)$", info)
        if peer is None or connection["State"] != "established":
            continue
        words = info.split()
        name = str((connection.get("Attrs") or {}).get("name") or words[-2 if len(words) > 1 else 0])
        observed[peer[1]] = f"{'encrypted ' if words[0] == 'encrypted' else ''}{name}"
    expected = f"{'encrypted ' if encrypted else ''}{path}"
    return difference(observed, {n.name: expected for n in cluster.nodes if n != node}) or None


def settings_problem(cluster: Cluster, encrypted: bool, output: str) -> str | None:
    """Whether the agent assigns addresses of the cluster's pod subnet, and whether it encrypts as configured."""
    report = json.loads(output)
    observed = {"range": report["IPAM"]["Range"], "encryption": report["Router"]["Encryption"]}
    return difference(observed, {"range": str(cluster.pod_subnet), "encryption": encrypted}) or None


def links_problem(expected: tuple[str, ...], mtu: int, output: str) -> str | None:
    """Whether the links of this data path exist, and none of another; the bridge has the pods' MTU, in bytes."""
    links = {link["ifname"]: link for link in json.loads(output)}
    wrong = [member_difference(set(ALL_LINKS) & links.keys(), expected)]
    if "weave" in links and links["weave"]["mtu"] != mtu:
        wrong.append(f"weave: mtu {links['weave']['mtu']}, expected {mtu}")
    return "; ".join(filter(None, wrong)) or None


def route_problem(cluster: Cluster, output: str) -> str | None:
    """Whether the route to the whole pod subnet leads to the bridge."""
    subnet = str(cluster.pod_subnet)
    observed = [str(r.get("dev")) for r in json.loads(output) if r["dst"] == subnet]
    wrong = difference({"link": observed}, {"link": ["weave"]})
    return f"route to {subnet}: {wrong}" if wrong else None
