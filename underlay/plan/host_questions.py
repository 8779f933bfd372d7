"""What preflight queries on every host, and what single answers mean. A query changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.difference import in_words
from underlay.model.node import Node
from underlay.networks.network import Network

from . import clocks

MEMBER = "/var/lib/underlay/member"


@dataclass(frozen=True)
class Probe:
    """A query to a host: shell that prints one line; its exit status is ignored."""

    name: str
    command: str
    prelude: str = ""

    def observe(self) -> str:
        return self.command


def probes(cluster: Cluster, network: Network, node: Node) -> tuple[Probe, ...]:
    """Everything preflight queries on this host, in the same round trip as its resources."""
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
        # No globs: fragments run with globbing off.
        Probe("kubernetes", "find /etc/kubernetes -name '*.conf' -o -name '*.yaml' | sort | tr '\\n' ' '"),
        Probe("member", f"cat {MEMBER}"),
        Probe("recorded", _RECORDED if node == cluster.first else "echo"),
    )


# The listener of a killed preflight exits by itself.
_PORTS = (
    'ss -Hltunp | grep -vF "pid=$(cat /run/underlay-probe/pid || echo none)," | '
    """awk '{n = split($5, a, ":"); print $1 a[n], $7}' | tr '\\n' ';'"""
)
# With systemd-resolved, kubeadm configures pods with its upstream servers.
_RESOLVER = (
    "if [ ! -e /etc/resolv.conf ]; then echo missing; "
    "elif systemctl is-active -q systemd-resolved; then echo present; "
    "else awk '/^nameserver/ {n++; if ($2 ~ /^(127[.]|::1$)/) own++} "
    """END {print n && n == own ? "loop" : "present"}' /etc/resolv.conf; fi"""
)

# Underlay's objects in kube-system: the record, and tokens of interrupted joins, of which only the kind is printed.
LABELS = {"app.kubernetes.io/managed-by": "underlay"}
_RECORDED = (
    "[ ! -e /etc/kubernetes/admin.conf ] || timeout 20 kubectl --kubeconfig=/etc/kubernetes/admin.conf "
    "get configmap,secret -n kube-system -l app.kubernetes.io/managed-by=underlay "
    "-o 'jsonpath={range .items[*]}{.kind} {.data.spec};;Path {.data.path_mtu};;{end}' | tr -d '\\n'"
)

# The path MTU that the cluster was made with, in bytes.
RECORDED_PATH = (
    "kubectl --kubeconfig=/etc/kubernetes/admin.conf "
    "get configmap underlay -n kube-system -o 'jsonpath={.data.path_mtu}'"
)

# Every node's pod subnets, from the API.
POD_SUBNETS = (
    "kubectl --kubeconfig=/etc/kubernetes/admin.conf get nodes "
    "-o 'jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDRs[*]}{\"\\n\"}{end}'"
)

# The name of a probe -> the line it printed.
HostAnswers = Mapping[str, str]


def read_pod_subnets(output: str) -> dict[str, frozenset[str]]:
    """Node name -> its pod subnets, from the output of POD_SUBNETS."""
    lines = (line.split() for line in output.splitlines())
    return {words[0]: frozenset(words[1:]) for words in lines if words}


def is_member(cluster: Cluster, answers: HostAnswers) -> bool:
    """Whether the host is a complete member of this cluster."""
    return answers["member"] == f"member {cluster.name} {cluster.control_plane_endpoint}"


def is_started(cluster: Cluster, answers: HostAnswers) -> bool:
    """Whether init or join of this cluster has begun on the host and not completed."""
    return answers["member"] == f"started {cluster.name} {cluster.control_plane_endpoint}"


def recorded_problems(recorded: str, declared: Mapping[str, Any]) -> list[str]:
    """Why a cluster that carries a record cannot be deployed with other settings; empty when they agree.

    :param recorded: the answer to the probe of that name.
    :param declared: the record that the inventory would make, after a round trip through JSON.
    """
    texts = [e.partition(" ")[2] for e in recorded.split(";;") if e.startswith("ConfigMap ")]
    if not texts:
        return []
    was = json.loads(texts[0])
    return [
        f"{where}: the cluster was made with {in_words(old)}, the inventory has {in_words(new)} (a deploy does not "
        "change it on a running cluster); restore the old value, or make a new cluster"
        for key in declared
        if key in was
        for where, old, new in _changes(key, was[key], declared[key])
    ]


def _changes(key: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two recorded values differ, with both; of another mode the mode alone."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        if old != new:
            yield key, old, new
        return
    names = ["mode"] if key == "network" and old.get("mode") != new.get("mode") else sorted({*old, *new})
    for name in names:
        if name not in old or name not in new or old[name] != new[name]:
            yield f"{key}.{name}", old.get(name), new.get(name)


def recorded_path(recorded: str) -> int | None:
    """The path MTU that the cluster was made with, in bytes; None where none is recorded."""
    paths = (e.partition(" ")[2] for e in recorded.split(";;") if e.startswith("Path "))
    return next((int(p) for p in paths if p.isdigit()), None)


def left_tokens(recorded: str) -> bool:
    """Whether an interrupted run has left a bootstrap token."""
    return any(entry.startswith("Secret ") for entry in recorded.split(";;"))
