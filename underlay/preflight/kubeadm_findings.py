"""Findings about what kubeadm would refuse on a host, or take over from it: told before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator

from underlay.findings.finding import Problems
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.plan.attempt import CERTIFICATES, CONTROL_PLANE_CONFIGS, ETCD, KUBELET_CONFIGS, MANIFESTS, PKI
from underlay.plan.host_questions import HostAnswers
from underlay.plan.membership import was_ours
from underlay.plan.occupation import Occupant, certificates, occupants
from underlay.resources.answer import Answered

# What control-plane hosts share, and a join copies from the first.
_SHARED = tuple(p for p in CERTIFICATES if p.rpartition("/")[2].partition(".")[0] in ("ca", "front-proxy-ca", "sa"))
# Path -> the check of kubeadm that refuses it, which an inventory may have ignored.
_CHECKS = {ETCD: "DirAvailable--var-lib-etcd"} | {
    path: f"FileAvailable-{path.replace('/', '-')}" for path in (*KUBELET_CONFIGS, *CONTROL_PLANE_CONFIGS, *MANIFESTS)
}


def kubeadm_problems(cluster: Cluster, node: Node, answers: HostAnswers, first: HostAnswers) -> Problems:
    """What kubeadm would refuse on a host that is no member, or would take over.

    :param first: the answers of the first control-plane host.
    """
    found = [o for o in occupants(_line(answers, "occupied")) if not is_ignored(cluster, _CHECKS.get(o.path, ""))]
    etcd = [o for o in found if o.path == ETCD]
    files = [o for o in found if o.path != ETCD]
    configs = [o for o in files if o.path not in MANIFESTS]
    if configs and was_ours(cluster, answers):
        left = f"has left the cluster in part ({_named(files)})"
        yield "other-cluster", f"{left}; `kubeadm reset -f` there, which deletes the cluster's data on this host"
    elif configs:
        whose = f"is a member of a cluster not managed by Underlay ({_named(files)})"
        yield "other-cluster", f"{whose}; take the host out of the inventory, or {_end(answers)}"
    elif files:
        whose = f"has the manifests of a control plane not managed by Underlay ({_named(files)})"
        yield "control-plane-present", f"{whose}; take the host out of the inventory, or {_end(answers)}"
    else:
        yield from _certificates(cluster, node, answers, first)
    for o in etcd:
        yield "etcd-data", f"{_etcd_is(o)}; {_etcd_remedy(o)}"


def _named(files: list[Occupant]) -> str:
    """`/etc/kubernetes/kubelet.conf of 2026-01-31 and 5 more files exist`."""
    more = len(files) - 1
    first = f"{files[0].path} of {files[0].date}"
    return f"{first} and {more} more file{'s' if more > 1 else ''} exist" if more else f"{first} exists"


def _end(answers: HostAnswers) -> str:
    """How an operator ends another cluster on a host; files that nothing uses any more need not be deleted."""
    taken = _line(answers, "ports")
    if "tcp10250 " in taken or "tcp6443 " in taken:
        return "end that cluster on it: `kubeadm reset -f` there, which deletes the cluster's data on this host"
    return "move away what is left of it: mv /etc/kubernetes /etc/kubernetes.old"


def _etcd_is(found: Occupant) -> str:
    if found.what == "etcd":
        return f"{found.path} has data of an etcd ({found.megabytes} MB, last written {found.date})"
    if found.what == "lost+found":
        return f"{found.path} is a file system of its own with lost+found in it, and etcd wants it empty"
    return f"{found.path} is not empty ({found.megabytes} MB, last changed {found.date})"


def _etcd_remedy(found: Occupant) -> str:
    if found.what == "lost+found":
        return f"remove it: rmdir {ETCD}/lost+found"
    old = f"{ETCD}.old"
    if found.how == "mount":
        return f"move it away: mkdir {old} && find {ETCD} -mindepth 1 -maxdepth 1 -exec mv -t {old} {{}} +"
    return f"move it away: mv {ETCD} {old}"


def _certificates(cluster: Cluster, node: Node, answers: HostAnswers, first: HostAnswers) -> Problems:
    own = certificates(_line(answers, "pki"))
    authority, key = f"{PKI}/ca.crt", f"{PKI}/ca.key"
    if not own:
        return
    if not node.is_control_plane:
        if authority in own and not is_ignored(cluster, "FileAvailable--etc-kubernetes-pki-ca.crt"):
            yield "pki-foreign", f"has {authority} of another cluster, in a join's way; move it away: {_old(authority)}"
    elif node == cluster.first:
        if (authority in own) != (key in own):
            there, missing = (authority, key) if authority in own else (key, authority)
            yield "pki-incomplete", f"has {there} without {missing}; add the other, or move it away: {_old(PKI)}"
        else:
            names = ", ".join(path.removeprefix(f"{PKI}/") for path in own)
            yield "pki-present", f"{PKI} has {names}, which the cluster is made with; else move it away: {_old(PKI)}"
    elif others := list(_unlike(own, certificates(_line(first, "pki")))):
        names = ", ".join(path.removeprefix(f"{PKI}/") for path in others)
        yield "pki-foreign", f"{PKI} has {names}, unlike {cluster.first.name}'s; move it away: {_old(PKI)}"


def _unlike(own: dict[str, str], first: dict[str, str]) -> Iterator[str]:
    """The shared certificates and public keys that the first host has not, or has others of."""
    return (path for path in _SHARED if path in own and (path not in first or own[path] != first[path]))


def _old(path: str) -> str:
    return f"mv {path} {path}.old"


def _line(answers: HostAnswers, probe: str) -> str:
    """The line that a probe printed; what a host has not answered has a finding of its own."""
    match answers[probe]:
        case Answered(line):
            return line
    return ""


def is_ignored(cluster: Cluster, check: str) -> bool:
    """Whether the inventory has kubeadm ignore one of its checks; kubeadm compares them without regard to case."""
    return bool({"all", check.lower()} & {name.lower() for name in cluster.ignore_preflight_errors})
