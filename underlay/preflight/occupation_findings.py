"""Findings about what is on a host already: another cluster, another network plugin, programs on needed ports."""

from __future__ import annotations

from underlay.findings.finding import Problems
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.network import Network
from underlay.plan.host_questions import HostAnswers
from underlay.plan.membership import Standing, is_unmanaged, standing, was_ours
from underlay.plan.required_ports import listened
from underlay.resources.answer import Answered

from .address_findings import links_in_the_way
from .kubeadm_findings import kubeadm_problems
from .left_links import left_links, removal


def occupation_problems(
    cluster: Cluster, network: Network, node: Node, answers: HostAnswers, first: HostAnswers
) -> Problems:
    """What another cluster, another plugin or another program has left on a host that is no member yet.

    :param first: the answers of the first control-plane host.
    """
    place = standing(cluster, node, answers, first)
    if place in (Standing.MEMBER, Standing.UNLISTED, Standing.UNKNOWN):
        return
    if place is not Standing.FOREIGN or is_unmanaged(cluster, node, answers, first):
        yield from kubeadm_problems(cluster, node, answers, first)
    if place is Standing.STARTED or was_ours(cluster, answers):
        return
    match answers["cni"]:
        case Answered(files):
            names = ", ".join(files.split())
            yield (
                "cni-present",
                f"has a CNI configuration not managed by Underlay ({names}); remove it from /etc/cni/net.d",
            )
    yield from _links(cluster, network, node, answers)
    match answers["ports"]:
        case Answered(line):
            taken = dict(entry.partition(" ")[::2] for entry in line.split(";") if entry)
            for protocol, port in listened(cluster, network, node):
                if (who := taken.get(f"{protocol}{port}")) is not None:
                    yield "port-taken", f"{protocol} {port} is taken by {_process(who)}; stop it"


def _links(cluster: Cluster, network: Network, node: Node, answers: HostAnswers) -> Problems:
    """Links as a network plugin creates them, on a host to which Underlay has installed none."""
    overlapping = links_in_the_way(cluster, answers)
    for name, mode in left_links(cluster, network, node, answers).items():
        # What overlaps a subnet is told with that, and with the same remedy.
        if name in overlapping:
            continue
        yield (
            "link-present",
            f"has link {name}, as {mode} creates it; remove the plugin that created it, then {removal(name)}",
        )


def _process(text: str) -> str:
    """users:(("nginx",pid=7,fd=3)) -> nginx (pid 7)"""
    name = text.partition('(("')[2].partition('"')[0]
    pid = text.partition("pid=")[2].partition(",")[0]
    return f"{name} (pid {pid})" if name else "another program"
