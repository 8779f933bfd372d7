"""What preflight queries on every host, and what single answers mean. A query changes nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.difference import in_words
from underlay.model.node import Node
from underlay.networks.network import Network
from underlay.resources import api_server
from underlay.resources.answer import Answer
from underlay.resources.api_server import KUBECTL, MEMBER

from . import answer_forms, clocks, etcd_members, membership, occupation
from .ground import ground_probes
from .kubelet_files import kubelet_problems
from .probe import Probe
from .surroundings import surrounding_probes

KERNEL = Probe("kernel", "uname -r", "its kernel version", answer_forms.release)


def probes(cluster: Cluster, network: Network, node: Node, names: Collection[str] = ()) -> tuple[Probe, ...]:
    """Everything preflight queries on this host, in the same round trip as its resources.

    :param names: what of the inventory, beside the endpoint, hosts resolve by themselves.
    """
    peers = " ".join(str(a) for n in cluster.nodes if n != node for a in n.addresses)
    recorded = "u_recorded" if node == cluster.first else ":"
    return (
        Probe("user", "id -u", "who logs in", answer_forms.number),
        Probe("system", "(. /etc/os-release; echo $ID $VERSION_ID)", "its operating system", answer_forms.words),
        KERNEL,
        Probe("arch", "uname -m", "its architecture", answer_forms.word),
        Probe("memory", _MEMORY, "its memory", answer_forms.number),
        Probe("cpus", "u_ask 10 nproc", "its processors", answer_forms.number),
        Probe("cgroup", "stat -fc %T /sys/fs/cgroup", "its cgroup version", answer_forms.word),
        Probe("proxies", "echo ${u_proxies-}", "proxies of its login", answer_forms.words, may_lack=True),
        Probe("hostname", "hostname", "its host name", answer_forms.word),
        Probe("machine-id", _MACHINE_ID, "its machine-id", answer_forms.word, may_lack=True),
        Probe("clock", clocks.QUESTION, "its clock", answer_forms.number),
        Probe("disk", "u_ask 10 df -m --output=avail /var/lib", "the free space in /var/lib", answer_forms.column),
        Probe("resolver", _RESOLVER, "its /etc/resolv.conf", answer_forms.word),
        Probe("ports", "u_ports", "which ports are taken", answer_forms.ports, _PORTS, may_lack=True, as_root=True),
        Probe("addresses", f"u_ask 10 ip {_DETAILS} -json address show", "its addresses", answer_forms.links),
        Probe("routes", "u_ask 10 ip -json route show table all", "its routes", answer_forms.routes),
        Probe("rules", "u_rules", "its routing rules", answer_forms.rules, _RULES, may_lack=True),
        Probe("peers", f"u_peers {peers}", "its routes to other nodes", answer_forms.lookups, _PEERS, may_lack=True),
        Probe("cni", _CNI, "what is in /etc/cni/net.d", answer_forms.words, may_lack=True, as_root=True),
        Probe(
            "occupied",
            occupation.question(node),
            "what is there that kubeadm creates",
            answer_forms.occupants,
            occupation.PRELUDE,
            may_lack=True,
            as_root=True,
        ),
        Probe(
            "pki",
            occupation.PKI,
            "what is in /etc/kubernetes/pki",
            answer_forms.certificates,
            occupation.PRELUDE,
            may_lack=True,
            as_root=True,
        ),
        Probe(
            "member",
            f"[ ! -e {MEMBER} ] || cat {MEMBER}",
            "which cluster it is a member of",
            answer_forms.mark,
            may_lack=True,
            as_root=True,
        ),
        Probe(
            "kubelet",
            "u_kubelet",
            "which cluster its kubelet is in",
            answer_forms.kubelet,
            membership.KUBELET,
            may_lack=True,
            as_root=True,
        ),
        Probe(
            "recorded",
            recorded,
            "what its cluster was made with",
            answer_forms.record,
            _RECORDED,
            may_lack=True,
            as_root=True,
        ),
        Probe(
            "nodes",
            "u_nodes" if node == cluster.first else ":",
            "which nodes its cluster has",
            answer_forms.nodes,
            f"{_RECORDED}\n{membership.NODES}",
            may_lack=True,
            as_root=True,
        ),
        Probe(
            "etcd",
            etcd_members.question(cluster, node),
            "which members its etcd has",
            etcd_members.is_form,
            etcd_members.PRELUDE,
            may_lack=True,
            as_root=True,
        ),
        *ground_probes(cluster),
        *surrounding_probes(cluster, names),
    )


_MEMORY = "u_need awk && awk '/MemTotal/ {print int($2/1024)}' /proc/meminfo"
_MACHINE_ID = "[ ! -e /etc/machine-id ] || cat /etc/machine-id"
_CNI = "[ ! -d /etc/cni/net.d ] || u_ask 10 ls /etc/cni/net.d"
# What links are is of interest where no pods are yet, and long where there are many.
_DETAILS = "$([ -e /etc/kubernetes/kubelet.conf ] || echo -d)"
# The listener of a killed preflight exits by itself.
_PORTS = """\
u_ports() {
  u_need awk && u_ask 10 ss -Hltunp >/dev/null || return
  printf '%s\\n' "$u_out" | grep -vF "pid=$(cat /run/underlay-probe/pid || echo none)," |
    awk '{n = split($5, a, ":"); printf "%s%s %s;", $1, a[n], $7}'
}"""
# Of a family that the kernel lacks there are none.
_RULES = """\
u_rules() {
  u_need ip || return
  for p in -4 -6; do printf '%s ' "$(timeout 10 ip "$p" -json rule show | tr -d ' \\n')"; done
}"""
# A peer that no route leads to is told by what is sent to it.
_PEERS = """\
u_peers() {
  u_need ip || return
  for p do printf '%s ' "$(timeout 10 ip -json route get "$p" | tr -d '\\n')"; done
}"""
# With systemd-resolved, kubeadm configures pods with its upstream servers.
_RESOLVER = (
    "if [ ! -e /etc/resolv.conf ]; then echo missing; "
    "elif systemctl is-active -q systemd-resolved; then echo present; "
    "else u_need awk && awk '/^nameserver/ {n++; if ($2 ~ /^(127[.]|::1$)/) own++} "
    """END {print n && n == own ? "loop" : "present"}' /etc/resolv.conf; fi"""
)

# Where a record has the inventory's variable of that name.
ROUTES = "routes"
# Underlay's objects in kube-system: the record; a policy engine and tokens of interrupted joins by their kinds alone.
LABELS = {"app.kubernetes.io/managed-by": "underlay"}
_RECORDED = f"""\
{api_server.FUNCTIONS}
u_recorded() {{
  u_cluster; case $? in 1) return 0 ;; 2) return 1 ;; esac
  u_api {api_server.SECONDS} get configmap,secret,daemonset -n kube-system -l app.kubernetes.io/managed-by=underlay \\
    -o 'jsonpath={{range .items[*]}}{{.kind}} {{.data.spec}};;'\
'Path {{.data.path_mtu}};;Change {{.data.change}};;Upgrade {{.data.upgrade}};;{{end}}' ||
    {{ u_alive; return 1; }}
}}"""

# The path MTU that the cluster was made with, in bytes.
RECORDED_PATH = (
    f"timeout {api_server.SECONDS} {KUBECTL} get configmap underlay -n kube-system -o 'jsonpath={{.data.path_mtu}}'"
)

# Every node's pod subnets, from the API.
POD_SUBNETS = (
    f"{KUBECTL} --request-timeout={api_server.SECONDS}s get nodes "
    "-o 'jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDRs[*]}{\"\\n\"}{end}'"
)

UNKNOWN_SUBNETS = "the nodes' pod subnets are unknown"

# The name of a probe -> what the host said.
HostAnswers = Mapping[str, Answer]


def read_pod_subnets(output: str) -> dict[str, frozenset[str]]:
    """Node name -> its pod subnets, from the output of POD_SUBNETS; a node may have several lines."""
    found: dict[str, frozenset[str]] = {}
    for words in filter(None, (line.split() for line in output.splitlines())):
        found[words[0]] = found.get(words[0], frozenset()) | set(words[1:])
    return found


def recorded_problems(recorded: str, declared: Mapping[str, Any], *, but: tuple[str, str] = ("", "")) -> list[str]:
    """Why a cluster that carries a record cannot be deployed with other settings; empty when they agree.

    :param recorded: the answer to the probe of that name; empty where there is no record.
    :param declared: the record that the inventory would make, after a round trip through JSON.
    :param but: what a run may do: the entry that tells that it is at work, and the key that may have another value.
    """
    if not (text := recorded_entry(recorded, "ConfigMap")):
        return []
    was = json.loads(text)
    if unfinished := [_UNFINISHED[key] for key in _UNFINISHED if key != but[0] and recorded_entry(recorded, key)]:
        return unfinished
    problems = [
        f"{where}: the cluster was made with {in_words(old)}, the inventory has {in_words(new)} (a deploy does not "
        f"change it on a running cluster); restore the old value, or {_REMEDIES.get(key, 'make a new cluster')}"
        for key in declared
        if key in was and key not in ("kubelet", ROUTES, but[1])
        for where, old, new in _changes(key, was[key], declared[key])
    ]
    return [*problems, *kubelet_problems(was.get("kubelet", {}), declared.get("kubelet", was.get("kubelet", {})))]


def recorded_entry(recorded: str, kind: str) -> str:
    """What the answer to the probe `recorded` has of a kind: the record, Path, Change or Upgrade; empty without it."""
    entries = (e.strip().partition(" ") for e in recorded.split(";;"))
    return next((text for word, _, text in entries if word == kind and text), "")


# By what may be at work: what refuses everything else.
_UNFINISHED = {
    "Change": "network: a change of the network has not ended; finish it: `underlay change`, or take it back: --back",
    "Upgrade": "kubernetes_version: an upgrade has not ended; finish it: `underlay upgrade`",
}
_REMEDIES = {
    "network": "change the network: `underlay change`",
    "kubernetes_version": "upgrade the cluster: `underlay upgrade`",
}


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
    path = recorded_entry(recorded, "Path")
    return int(path) if path.isdigit() else None


def has_engine(recorded: str) -> bool:
    """Whether a policy engine of this deploy's runs in the cluster."""
    return any(entry.startswith("DaemonSet ") for entry in recorded.split(";;"))


def left_tokens(recorded: str) -> bool:
    """Whether an interrupted run has left a bootstrap token."""
    return any(entry.startswith("Secret ") for entry in recorded.split(";;"))
