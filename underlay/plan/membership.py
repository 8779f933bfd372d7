"""Whether a host is a member of the cluster: by its kubelet's configuration and the cluster's own list of nodes.

The mark that a run leaves says only what we began, or completed once; a host may have been reset by hand since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.resources import api_server
from underlay.resources.answer import Absent, Answer, Answered, Unknown

Answers = Mapping[str, Answer]


class Standing(Enum):
    """What a host is to the cluster of the inventory.

    ABSENT has no kubelet of any cluster. STARTED is an attempt of ours that has not completed. UNLISTED has the
    cluster's kubelet, and the cluster lists no such node. FOREIGN is another cluster's, or this one's by another name.
    Of UNKNOWN nothing is done: a question has not been answered.
    """

    ABSENT = auto()
    STARTED = auto()
    MEMBER = auto()
    UNLISTED = auto()
    FOREIGN = auto()
    UNKNOWN = auto()


# The server, the beginning of the SHA-256 of the CA, the name that the kubelet registers under; nothing without one.
KUBELET = """\
u_kubelet() {
  k=/etc/kubernetes/kubelet.conf
  [ -e $k ] || return 0
  u_ca=$(sed -n 's/^ *certificate-authority-data: *//p' $k | head -n 1 | base64 -d | sha256sum)
  u_file=$(sed -n 's/^ *certificate-authority: *//p' $k | head -n 1)
  [ -z "$u_file" ] || u_ca=$(cd /etc/kubernetes && sha256sum <"$u_file")
  u_server=$(sed -n 's/^ *server: *//p' $k | head -n 1)
  u_name=$(sed -n 's/.*--hostname-override=\\([^" ]*\\).*/\\1/p' /var/lib/kubelet/kubeadm-flags.env)
  printf '%.200s %.16s %s' "${u_server:-none}" "$u_ca" "${u_name:-$(hostname | tr A-Z a-z)}"
}"""

# The annotation of a node that a rollout has cordoned.
CORDONED = "underlay-rollout=cordoned"
# The cluster's nodes: name, address, whether Ready, pod subnets, that annotation. Asked where the cluster's record is.
NODES = f"""\
u_nodes() {{
  u_cluster; case $? in 1) return 0 ;; 2) return 1 ;; esac
  u_api {api_server.SECONDS} get nodes -o 'jsonpath={{range .items[*]}}{{.metadata.name}}\
|{{.status.addresses[?(@.type=="InternalIP")].address}}|{{.status.conditions[?(@.type=="Ready")].status}}\
|{{.spec.podCIDRs[*]}}|{{.metadata.annotations.{CORDONED.partition("=")[0]}}};{{end}}' || {{ u_alive; return 1; }}
}}"""


@dataclass(frozen=True)
class Kubelet:
    """What a kubelet is configured for: the API server's URL, the CA's digest, its own node's name."""

    server: str
    authority: str
    name: str


@dataclass(frozen=True)
class ListedNode:
    """A node that the cluster lists, with its addresses, whether it is Ready, and its pod subnets.

    `is_left_cordoned` by a rollout that was interrupted.
    """

    name: str
    addresses: tuple[str, ...]
    is_ready: bool
    pod_subnets: tuple[str, ...]
    is_left_cordoned: bool = False


def kubelet_of(answers: Answers) -> Kubelet | None:
    match answers["kubelet"]:
        case Answered(line) if len(words := line.split()) == 3:
            return Kubelet(*words)
    return None


def listed_nodes(first: Answers) -> Mapping[str, ListedNode]:
    """The nodes that the cluster lists, by name.

    :param first: the answers of the first control-plane host.
    """
    match first["nodes"]:
        case Answered(line):
            return _listed_nodes(line)
    return {}


# Every host is held against the same list.
@lru_cache(maxsize=4)
def _listed_nodes(line: str) -> Mapping[str, ListedNode]:
    entries = (entry.split("|") for entry in line.split(";"))
    found = (
        ListedNode(e[0], tuple(e[1].split()), e[2] == "True", tuple(e[3].split()), any(e[4:]))
        for e in entries
        if len(e) >= 4
    )
    return {node.name: node for node in found}


def standing(cluster: Cluster, node: Node, answers: Answers, first: Answers) -> Standing:
    """What the host is to the cluster.

    :param first: the answers of the first control-plane host.
    """
    decisive = [answers["member"], answers["kubelet"], first["member"], first["kubelet"]]
    if any(isinstance(answer, Unknown) for answer in decisive):
        return Standing.UNKNOWN
    mark, kubelet, of_first = marked(answers), kubelet_of(answers), kubelet_of(first)
    if mark[:1] == ["started"]:
        return Standing.STARTED
    if kubelet is None:
        return Standing.ABSENT
    if node == cluster.first:
        known = mark[:2] == ["member", cluster.name] or (not mark and _is_recorded(first))
        return _listed(node, kubelet, first) if known else Standing.FOREIGN
    if of_first is None or marked(first)[:1] == ["started"] or kubelet.authority != of_first.authority:
        return Standing.FOREIGN
    return _listed(node, kubelet, first)


def _listed(node: Node, kubelet: Kubelet, first: Answers) -> Standing:
    match first["nodes"]:
        case Unknown():
            return Standing.UNKNOWN
    if node.name in listed_nodes(first):
        return Standing.MEMBER
    return Standing.UNLISTED if kubelet.name == node.name else Standing.FOREIGN


def marked(answers: Answers) -> list[str]:
    """The words of the mark that a run of ours has left: `started` or `member`, the cluster's name, its endpoint."""
    match answers["member"]:
        case Answered(line):
            return line.split()
    return []


def is_bare(answers: Answers) -> bool:
    """Whether the host is known to have no kubelet of any cluster, and no attempt of ours in progress."""
    known = not isinstance(answers["member"], Unknown) and answers["kubelet"] == Absent()
    return known and marked(answers)[:1] != ["started"]


def was_ours(cluster: Cluster, answers: Answers) -> bool:
    """Whether a run of ours has begun or completed on the host, for a cluster of this name."""
    return marked(answers)[1:2] == [cluster.name]


def other_endpoint(cluster: Cluster, first: Answers) -> str:
    """The endpoint that the cluster was made with, where it is another and no record says so; otherwise empty."""
    match first["member"], first["kubelet"]:
        case Answered(_), Answered(_) if marked(first)[:2] == ["member", cluster.name] and not _is_recorded(first):
            made_with = " ".join(marked(first)[2:])
            return made_with if made_with != cluster.control_plane_endpoint else ""
    return ""


def is_unmanaged(cluster: Cluster, node: Node, answers: Answers, first: Answers) -> bool:
    """Whether the host is in a cluster that no run of ours has ever had to do with."""
    kubelet, of_first = kubelet_of(answers), kubelet_of(first)
    if marked(answers) or kubelet is None or standing(cluster, node, answers, first) is not Standing.FOREIGN:
        return False
    return node == cluster.first or of_first is None or kubelet.authority != of_first.authority


def _is_recorded(first: Answers) -> bool:
    match first["recorded"]:
        case Answered(line):
            return line.startswith("ConfigMap ")
        case Absent() | Unknown():
            return False
