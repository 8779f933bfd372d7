"""What the answers to the checks have to be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from underlay.model.cluster import Cluster

from . import wireguard_link
from .mode import CalicoMode

# Where calico-node writes a node's public keys: what Calico's own Node resource calls status.wireguardPublicKey.
KEYS = {4: "projectcalico.org/WireguardPublicKey", 6: "projectcalico.org/WireguardPublicKeyV6"}
AS_NUMBER = "projectcalico.org/ASNumber"
_ALL = ("vxlan.calico", "vxlan-v6.calico", "wireguard.cali", "wg-v6.cali")


def links(network: CalicoMode, cluster: Cluster, output: str) -> str | None:
    """The mode's links are up, of a size that carries a pod's packet, and those of other modes are not there."""
    there = {link["ifname"]: link for link in json.loads(output)}
    overlay = network.overlay
    named = [overlay.links[v] for v in cluster.families if v in overlay.links] if overlay else []
    wanted = [*named, *(wireguard_link.names(cluster) if network.encrypts else ())]
    wrong = [f"{name} is missing" for name in wanted if name not in there]
    # eBPF has a VXLAN link of its own for NodePorts.
    wrong += [
        f"{name} of another mode is there" for name in _ALL if name in there and name not in wanted and not network.ebpf
    ]
    # The module makes tunl0; Calico gives it an address.
    if "tunl0" not in wanted and there.get("tunl0", {}).get("addr_info"):
        wrong.append("tunl0 of another mode has an address")
    if "tunl0" in wanted and "tunl0" in there and not there["tunl0"].get("addr_info"):
        wrong.append("tunl0 has no address")
    felix = network.felix_spec(cluster)
    for name in (n for n in wanted if n in there):
        link = there[name]
        if "UP" not in link["flags"]:
            wrong.append(f"{name} is down")
        if link["mtu"] < network.pod_mtu(cluster):
            wrong.append(f"{name} has MTU {link['mtu']}, and pods have {network.pod_mtu(cluster)}")
        data = link.get("linkinfo", {}).get("info_data", {})
        for key, shown in (("vxlanPort", "port"), ("vxlanVNI", "id")):
            if (
                key in felix
                and name in named
                and not (network.ebpf and shown == "id")
                and data.get(shown) != felix[key]
            ):
                wrong.append(f"{name} has {shown} {data.get(shown)}, not {felix[key]}")
    return "; ".join(wrong) or None


def plane(plane: str, output: str) -> str | None:
    """The data plane's own tables, chains or links are there."""
    there = {
        "nftables": "table ip calico" in output or "table ip6 calico" in output,
        "iptables": output.strip() not in ("", "0"),
        "ebpf": "bpfin.cali" in output,
    }
    return None if there[plane] else f"nothing of Felix's {plane} data plane is here: {output.strip() or 'no answer'}"


def forwarding(link: str, others: frozenset[str], output: str) -> str | None:
    """The overlay knows every other node, and nobody else."""
    known = {entry["dst"] for entry in json.loads(output or "[]") if "dst" in entry}
    return None if known == others else f"{link} knows the nodes {sorted(known)}, not {sorted(others)}"


def encrypted(link: str, port: int, others: frozenset[str], output: str) -> str | None:
    """`wg show LINK endpoints`: a peer for every other node, at its address and the port."""
    ends = {line.split()[1] for line in output.splitlines() if len(line.split()) == 2}
    wanted = {f"[{a}]:{port}" if ":" in a else f"{a}:{port}" for a in others}
    return None if ends == wanted else f"{link} has the peers {sorted(ends)}, not {sorted(wanted)}"


def content(output: str) -> str | None:
    """The operator's TigeraStatus is Available and not Degraded."""
    conditions = {c["type"]: c for c in json.loads(output).get("status", {}).get("conditions", [])}
    if conditions.get("Degraded", {}).get("status") == "True":
        return f"degraded: {conditions['Degraded'].get('message', 'it does not say why')}"
    return None if conditions.get("Available", {}).get("status") == "True" else "it is not available yet"


def pools(wanted: Mapping[str, Mapping[str, Any]], output: str) -> str | None:
    """Each pool is as declared, and no pool of all pods is there beside them."""
    there = {item["spec"]["cidr"]: item["spec"] for item in json.loads(output)["items"]}
    for subnet, modes in wanted.items():
        if subnet not in there:
            return f"no pool has {subnet}; there are {', '.join(sorted(there)) or 'none'}"
        seen = {key: there[subnet].get(key, _unset(value)) for key, value in modes.items()}
        if seen != modes:
            return f"the pool {subnet} has {seen}, not {dict(modes)}"
    if others := [s for s, spec in there.items() if s not in wanted and spec.get("assignmentMode") != "Manual"]:
        return f"pods have addresses of {', '.join(others)} too"
    return None


def _unset(value: Any) -> Any:
    return False if isinstance(value, bool) else "Never"


def holds(spec: Mapping[str, Any], output: str) -> str | None:
    """Every field that we set is as we set it, whatever else stands there."""
    there = json.loads(output).get("spec", {})
    wrong = [f"{key} is {there.get(key)!r}, not {value!r}" for key, value in spec.items() if there.get(key) != value]
    return "; ".join(wrong) or None


def keys(names: frozenset[str], annotations: Sequence[str], output: str) -> str | None:
    """Every node has published its key: one that has not is in the clear, and nothing else says so."""
    nodes = {i["metadata"]["name"]: i["metadata"].get("annotations", {}) for i in json.loads(output)["items"]}
    without = sorted(n for n in names if not all(nodes.get(n, {}).get(a) for a in annotations))
    return f"no WireGuard key of {', '.join(without)}: their pods talk in the clear" if without else None


def as_numbers(wanted: Mapping[str, int], output: str) -> str | None:
    """Every node is in the AS of its rack."""
    nodes = {i["metadata"]["name"]: i["metadata"].get("annotations", {}) for i in json.loads(output)["items"]}
    wrong = [
        f"{name} is in AS {nodes.get(name, {}).get(AS_NUMBER, 'unknown')}, not {number}"
        for name, number in sorted(wanted.items())
        if nodes.get(name, {}).get(AS_NUMBER) != str(number)
    ]
    return "; ".join(wrong) or None
