"""What preflight asks every host, and what the answers say by themselves. Asking changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.network import Network

from . import clocks

MEMBER = "/var/lib/underlay/member"


@dataclass(frozen=True)
class Probe:
    """A question to a host: shell that prints one line and never fails."""

    name: str
    command: str
    prelude: str = ""

    def observe(self) -> str:
        return self.command


def probes(cluster: Cluster, network: Network, node: Node) -> tuple[Probe, ...]:
    """Everything preflight asks this host, answered in the same round trip as its resources."""
    peers = " ".join(str(n.address) for n in cluster.nodes if n != node)
    return (
        Probe("user", "id -u"),
        Probe("system", "(. /etc/os-release; echo $ID $VERSION_ID)"),
        Probe("kernel", "uname -r"),
        Probe("arch", "uname -m"),
        Probe("memory", "awk '/MemTotal/ {print int($2/1024)}' /proc/meminfo"),
        Probe("cgroup", "stat -fc %T /sys/fs/cgroup"),
        Probe("hostname", "hostname"),
        Probe("machine-id", "cat /etc/machine-id"),
        Probe("clock", clocks.QUESTION),
        Probe("disk", "df -m --output=avail /var/lib | tail -n 1"),
        Probe("resolver", _RESOLVER),
        Probe("ports", _PORTS),
        Probe("addresses", "ip -json address show | tr -d '\\n'"),
        Probe("routes", "ip -json route show table all | tr -d '\\n'"),
        Probe(
            "peers",
            f"for p in {peers}; do ip -json route get $p | tr -d '\\n'; echo -n ' '; done" if peers else "echo",
        ),
        Probe("cni", "ls /etc/cni/net.d | tr '\\n' ' '"),
        # No globs: fragments run with them switched off.
        Probe("kubernetes", "find /etc/kubernetes -name '*.conf' -o -name '*.yaml' | sort | tr '\\n' ' '"),
        Probe("member", f"cat {MEMBER}"),
        Probe("recorded", _RECORDED if node == cluster.first else "echo"),
    )


# A listener that a killed preflight left is gone before it matters.
_PORTS = (
    'ss -Hltunp | grep -vF "pid=$(cat /run/underlay-probe/pid || echo none)," | '
    """awk '{n = split($5, a, ":"); print $1 a[n], $7}' | tr '\\n' ';'"""
)
# Where systemd-resolved serves, kubeadm gives pods the servers behind it.
_RESOLVER = (
    "if [ ! -e /etc/resolv.conf ]; then echo missing; "
    "elif systemctl is-active -q systemd-resolved; then echo present; "
    "else awk '/^nameserver/ {n++; if ($2 ~ /^(127[.]|::1$)/) own++} "
    """END {print n && n == own ? "loop" : "present"}' /etc/resolv.conf; fi"""
)

# What is ours in kube-system: the record, and tokens of joins that were cut off. Of a token nothing but that it is.
LABELS = {"app.kubernetes.io/managed-by": "underlay"}
_RECORDED = (
    "[ ! -e /etc/kubernetes/admin.conf ] || timeout 20 kubectl --kubeconfig=/etc/kubernetes/admin.conf "
    "get configmap,secret -n kube-system -l app.kubernetes.io/managed-by=underlay "
    "-o 'jsonpath={range .items[*]}{.kind} {.data.spec};;Path {.data.path_mtu};;{end}' | tr -d '\\n'"
)

# The path's MTU that the cluster was made with, in bytes.
RECORDED_PATH = (
    "kubectl --kubeconfig=/etc/kubernetes/admin.conf "
    "get configmap underlay -n kube-system -o 'jsonpath={.data.path_mtu}'"
)

# Every node's pod subnets, by its own API.
POD_SUBNETS = (
    "kubectl --kubeconfig=/etc/kubernetes/admin.conf get nodes "
    "-o 'jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDRs[*]}{\"\\n\"}{end}'"
)

HostAnswers = Mapping[str, str]


def read_pod_subnets(output: str) -> dict[str, frozenset[str]]:
    """Node name -> its pod subnets, out of the answer to POD_SUBNETS."""
    lines = (line.split() for line in output.splitlines())
    return {words[0]: frozenset(words[1:]) for words in lines if words}


def is_member(cluster: Cluster, answers: HostAnswers) -> bool:
    """Whether the host is a complete member of this cluster."""
    return answers["member"] == f"member {cluster.name} {cluster.control_plane_endpoint}"


def is_started(cluster: Cluster, answers: HostAnswers) -> bool:
    """Whether init or join of this cluster was begun on the host and not seen to end."""
    return answers["member"] == f"started {cluster.name} {cluster.control_plane_endpoint}"


def recorded_problems(recorded: str, asked: Mapping[str, Any]) -> list[str]:
    """Why a cluster that carries a record may not be deployed with other settings; empty when they agree."""
    texts = [e.partition(" ")[2] for e in recorded.split(";;") if e.startswith("ConfigMap ")]
    if not texts:
        return []
    was = json.loads(texts[0])
    return [
        f"{key}: the cluster was made with {was[key]!r} and the inventory says {asked[key]!r}; a running cluster's "
        f"{key} is not changed by a deploy (changing it in place is planned); put the old value back, or reset the "
        "cluster"
        for key in asked
        if key in was and was[key] != asked[key]
    ]


def recorded_path(recorded: str) -> int | None:
    """The path's MTU that the cluster was made with, in bytes."""
    paths = (e.partition(" ")[2] for e in recorded.split(";;") if e.startswith("Path "))
    return next((int(p) for p in paths if p.isdigit()), None)


def left_tokens(recorded: str) -> bool:
    """Whether a run that was cut off has left a token to join with."""
    return any(entry.startswith("Secret ") for entry in recorded.split(";;"))
