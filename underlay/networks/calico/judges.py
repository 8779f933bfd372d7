"""Verdicts on the output of the checks: what is wrong, or None."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.difference import difference, in_words, member_difference

from . import wireguard_link
from .mode import CalicoMode

# Annotations with a node's public keys, written by calico-node: status.wireguardPublicKey of Calico's Node resource.
KEYS = {4: "projectcalico.org/WireguardPublicKey", 6: "projectcalico.org/WireguardPublicKeyV6"}
AS_NUMBER = "projectcalico.org/ASNumber"
_ALL = ("vxlan.calico", "vxlan-v6.calico", "wireguard.cali", "wg-v6.cali")


def links(network: CalicoMode, cluster: Cluster, output: str) -> str | None:
    """The mode's links are up and have at least the pod MTU, and links of other modes do not exist."""
    found = {link["ifname"]: link for link in json.loads(output)}
    overlay = network.overlay
    named = [overlay.links[v] for v in cluster.families if v in overlay.links] if overlay else []
    expected = [*named, *(wireguard_link.names(cluster) if network.encrypts else ())]
    # eBPF has a VXLAN link of its own for NodePorts.
    distinctive = [name for name in _ALL if name in found and not network.ebpf]
    present = [*distinctive, *(name for name in expected if name in found and name not in distinctive)]
    wrong = [member_difference(present, expected)]
    # The module creates tunl0; Calico gives it an address.
    if "tunl0" not in expected and found.get("tunl0", {}).get("addr_info"):
        wrong.append("tunl0: unexpected address")
    if "tunl0" in expected and "tunl0" in found and not found["tunl0"].get("addr_info"):
        wrong.append("tunl0: no address")
    wrong += [_link(network, cluster, found[name], vxlan=name in named) for name in expected if name in found]
    return "; ".join(filter(None, wrong)) or None


def _link(network: CalicoMode, cluster: Cluster, link: Mapping[str, Any], *, vxlan: bool) -> str:
    data, felix = link.get("linkinfo", {}).get("info_data", {}), network.felix_spec(cluster)
    expected = {"state": "up", "mtu": network.pod_mtu(cluster)}
    if vxlan and "vxlanPort" in felix:
        expected["port"] = felix["vxlanPort"]
    if vxlan and "vxlanVNI" in felix and not network.ebpf:
        expected["vni"] = felix["vxlanVNI"]
    observed = {
        "state": "up" if "UP" in link["flags"] else "down",
        "mtu": min(link["mtu"], network.pod_mtu(cluster)),
        "port": data.get("port"),
        "vni": data.get("id"),
    }
    wrong = difference(observed, expected)
    return f"{link['ifname']}: {wrong}" if wrong else ""


def plane(plane: str, output: str) -> str | None:
    """The tables, chains or links of Felix's data plane exist."""
    found = {
        "nftables": "table ip calico" in output or "table ip6 calico" in output,
        "iptables": output.strip() not in ("", "0"),
        "ebpf": "bpfin.cali" in output,
    }
    return None if found[plane] else f"no rules or links of Felix's data plane {plane} ({in_words(output.strip())})"


def forwarding(link: str, others: frozenset[str], output: str) -> str | None:
    """The overlay has a forwarding entry for every other node, and no others."""
    known = {entry["dst"] for entry in json.loads(output or "[]") if "dst" in entry}
    wrong = member_difference(known, others)
    return f"forwarding entries of {link}: {wrong}" if wrong else None


def encrypted(link: str, port: int, others: frozenset[str], output: str) -> str | None:
    """`wg show LINK endpoints`: a peer for every other node, at its address and this UDP port."""
    ends = {line.split()[1] for line in output.splitlines() if len(line.split()) == 2}
    wrong = member_difference(ends, [f"[{a}]:{port}" if ":" in a else f"{a}:{port}" for a in others])
    return f"peers of {link}: {wrong}" if wrong else None


def available(output: str) -> str | None:
    """The operator's TigeraStatus is Available and not Degraded."""
    conditions = {c["type"]: c for c in json.loads(output).get("status", {}).get("conditions", [])}
    if conditions.get("Degraded", {}).get("status") == "True":
        return f"the operator is Degraded: {conditions['Degraded'].get('message', 'no message')}"
    return None if conditions.get("Available", {}).get("status") == "True" else "the operator is not Available"


def pools(expected: Mapping[str, Mapping[str, Any]], output: str) -> str | None:
    """Each pool is as declared, and there is no other pool that all pods use."""
    found = {item["spec"]["cidr"]: item["spec"] for item in json.loads(output)["items"]}
    for subnet, modes in expected.items():
        if subnet not in found:
            return f"no pool has {subnet} (pools: {in_words(sorted(found))})"
        if wrong := difference({key: found[subnet].get(key, _unset(value)) for key, value in modes.items()}, modes):
            return f"pool {subnet}: {wrong}"
    if others := [s for s, spec in found.items() if s not in expected and spec.get("assignmentMode") != "Manual"]:
        return f"unexpected pools: {', '.join(others)}"
    return None


def _unset(value: Any) -> Any:
    return False if isinstance(value, bool) else "Never"


def holds(spec: Mapping[str, Any], output: str) -> str | None:
    """Every field that Underlay sets has its value; other fields may have any."""
    return difference(json.loads(output).get("spec", {}), spec) or None


def keys(names: frozenset[str], annotations: Sequence[str], output: str) -> str | None:
    """Every node has published its key; traffic of one that has not is in the clear, which Calico does not report."""
    nodes = {i["metadata"]["name"]: i["metadata"].get("annotations", {}) for i in json.loads(output)["items"]}
    without = sorted(n for n in names if not all(nodes.get(n, {}).get(a) for a in annotations))
    return f"no WireGuard key of {', '.join(without)}: traffic of their pods is in the clear" if without else None


def as_numbers(expected: Mapping[str, int], output: str) -> str | None:
    """Every node is in the AS of its rack."""
    nodes = {i["metadata"]["name"]: i["metadata"].get("annotations", {}) for i in json.loads(output)["items"]}
    observed = {f"AS of {name}": nodes.get(name, {}).get(AS_NUMBER) for name in sorted(expected)}
    return difference(observed, {f"AS of {name}": str(number) for name, number in sorted(expected.items())}) or None
