"""Findings about what is on a host already: another cluster, another network plugin, programs on needed ports."""

from __future__ import annotations

from fnmatch import fnmatchcase

from underlay.findings.finding import Problems
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.network import Network
from underlay.networks.registry import modes
from underlay.plan.host_questions import HostAnswers, is_member, is_started
from underlay.plan.required_ports import listened
from underlay.resources.answer import Absent, Answered, Unknown

from .links import ip_objects, link_with


def occupation_problems(cluster: Cluster, network: Network, node: Node, answers: HostAnswers) -> Problems:
    """What another cluster, another plugin or another program has left on a host that is no member yet."""
    if isinstance(answers["member"], Unknown) or is_member(cluster, answers) or is_started(cluster, answers):
        return
    match answers["member"], answers["kubernetes"]:
        case Answered(mark), _:
            other = mark.partition(" ")[2]
            yield (
                "other-cluster",
                f"is a member of another cluster ({other}); reset it first, or remove it from the inventory",
            )
        case Absent(), Answered(paths):
            first = min(paths.split())
            foreign = f"is a member of a cluster not managed by Underlay ({first} exists)"
            yield "other-cluster", f"{foreign}; run `kubeadm reset` first"
    match answers["cni"]:
        case Answered(files):
            names = ", ".join(files.split())
            yield (
                "cni-present",
                f"has a CNI configuration not managed by Underlay ({names}); remove it from /etc/cni/net.d",
            )
    match answers["addresses"]:
        case Answered(links):
            yield from _links(links, node)
    match answers["ports"]:
        case Answered(line):
            taken = dict(entry.partition(" ")[::2] for entry in line.split(";") if entry)
            for protocol, port in listened(cluster, network, node):
                if (who := taken.get(f"{protocol}{port}")) is not None:
                    yield "port-taken", f"{protocol} {port} is taken by {_process(who)}; stop it"


def _links(addresses: str, node: Node) -> Problems:
    """Links as a network plugin creates them, on a host to which Underlay has installed none."""
    own = link_with(addresses, node.address)
    names = [n for link in ip_objects(addresses) if (n := link["ifname"]) != "lo" and own and n != own.name]
    # Most hosts have no other link, and modes take time to load.
    creators = [(mode, kind(**kind.example()).traces().links) for mode, kind in modes().items()] if names else []
    for name in names:
        mode = next((mode for mode, links in creators if any(fnmatchcase(name, link) for link in links)), None)
        if mode is not None:
            yield "link-present", f"has link {name}, as {mode} creates it; remove it, and the plugin that created it"


def _process(text: str) -> str:
    """users:(("nginx",pid=7,fd=3)) -> nginx (pid 7)"""
    name = text.partition('(("')[2].partition('"')[0]
    pid = text.partition("pid=")[2].partition(",")[0]
    return f"{name} (pid {pid})" if name else "another program"
