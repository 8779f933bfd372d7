"""What shows how Weave carries packets: each agent's own report, the links and the route on its node.

A connection that cannot have the fast data path falls back to sleeve by itself and says so nowhere but there.
"""

from __future__ import annotations

import json
import re

from underlay.model.cluster import Cluster
from underlay.model.node import Node

REPORT = "curl -sS -m 5 http://127.0.0.1:6784/report"
LINKS = "ip -json link show"
ROUTES = "ip -json route show table main"
ALL_LINKS = ("weave", "datapath", "vxlan-6784", "vethwe-bridge", "vethwe-datapath", "vethwe-pcap")


def connections_problem(cluster: Cluster, node: Node, path: str, encrypted: bool, output: str) -> str | None:
    """Whether this agent has a connection with every other node, and each as it has to be."""
    seen: dict[str, str] = {}
    for connection in json.loads(output)["Router"]["Connections"] or ():
        # "encrypted   fastdp 1a:5b:a9:53:2b:11(w-1)", the first word with a password only.
        info = str(connection["Info"])
        peer = re.search(r"\(([^)]+)\)$", info)
        if peer is None or connection["State"] != "established":
            continue
        words = info.split()
        name = str((connection.get("Attrs") or {}).get("name") or words[-2 if len(words) > 1 else 0])
        seen[peer[1]] = f"{'encrypted ' if words[0] == 'encrypted' else ''}{name}"
    wanted = f"{'encrypted ' if encrypted else ''}{path}"
    others = [n.name for n in cluster.nodes if n != node]
    told = [f"no connection with {name}" for name in others if name not in seen]
    told += [f"{name} by {seen[name]}, not {wanted}" for name in others if name in seen and seen[name] != wanted]
    return "; ".join(told) or None


def settings_problem(cluster: Cluster, encrypted: bool, output: str) -> str | None:
    """Whether the agent hands out the cluster's pod subnet, and encrypts or does not."""
    report = json.loads(output)
    seen = {"range": report["IPAM"]["Range"], "encryption": report["Router"]["Encryption"]}
    wanted = {"range": str(cluster.pod_subnet), "encryption": encrypted}
    return None if seen == wanted else f"the agent has {seen}, not {wanted}"


def links_problem(wanted: tuple[str, ...], mtu: int, output: str) -> str | None:
    """Whether the links of this data path are there, and none of another."""
    links = {link["ifname"]: link for link in json.loads(output)}
    seen = set(ALL_LINKS) & links.keys()
    missing, more = sorted(set(wanted) - seen), sorted(seen - set(wanted))
    told = [f"{', '.join(more)} of another data path is there"] if more else []
    told += [f"{', '.join(missing)} is missing"] if missing else []
    if "weave" in links and links["weave"]["mtu"] != mtu:
        told.append(f"weave has MTU {links['weave']['mtu']}, not {mtu}")
    return "; ".join(told) or None


def route_problem(cluster: Cluster, output: str) -> str | None:
    """Whether the whole pod subnet is behind the bridge."""
    subnet = str(cluster.pod_subnet)
    seen = [str(r.get("dev")) for r in json.loads(output) if r["dst"] == subnet]
    return None if seen == ["weave"] else f"the route to {subnet} leads to {seen}, not ['weave']"
