"""Findings about what is on a host already: another cluster, another network plugin, programs on needed ports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from underlay.findings.finding import Problems
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.network import Network
from underlay.plan.host_questions import HostAnswers
from underlay.plan.membership import Standing, is_unmanaged, standing, was_ours
from underlay.plan.required_ports import listened
from underlay.resources.answer import Answered, Unknown, line_of

from .address_findings import links_in_the_way
from .kubeadm_findings import kubeadm_problems
from .left_links import left_links, removal
from .links import objects_of

# What containerd reads of a directory (go-cni, opts.go: ConfFiles).
_CNI_CONFIGURATIONS = (".conf", ".conflist", ".json")


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
        case Answered(files) if found := [f for f in files.split() if f.endswith(_CNI_CONFIGURATIONS)]:
            names = ", ".join(found)
            yield (
                "cni-present",
                f"has a CNI configuration not managed by Underlay ({names}); remove it from /etc/cni/net.d",
            )
    yield from _links(cluster, network, node, answers)
    # What runs of another cluster ends with it.
    if place is not Standing.FOREIGN:
        yield from _ports(cluster, network, node, answers)


def _ports(cluster: Cluster, network: Network, node: Node, answers: HostAnswers) -> Problems:
    taken = _taken(answers)
    # The kernel's own, for a link that is told by itself.
    left = left_links(cluster, network, node, answers)
    of_links = {_tunnel_port(link) for link in objects_of(answers["addresses"]) if link["ifname"] in left}
    for protocol, port in listened(cluster, network, node):
        who = taken.get(f"{protocol}{port}")
        if who is not None and not (protocol == "udp" and not who and port in of_links):
            yield "port-taken", f"{protocol} {port} is taken by {_process(who)}; stop it"


def newly_taken(answers: HostAnswers, needed: Collection[tuple[str, int]]) -> list[str]:
    """Which ports that a node's next network alone needs are taken, each with the remedy.

    :param needed: protocol and number.
    """
    taken = _taken(answers)
    return [
        f"{protocol} {port} is taken by {_process(who)}; stop it"
        for protocol, port in needed
        if (who := taken.get(f"{protocol}{port}")) is not None
    ]


def _taken(answers: HostAnswers) -> dict[str, str]:
    """Protocol and number -> who has it, as ss says."""
    line = line_of(answers["ports"]) if not isinstance(answers["ports"], Unknown) else ""
    return dict(entry.partition(" ")[::2] for entry in line.split(";") if entry)


def _tunnel_port(link: Mapping[str, Any]) -> int | None:
    """The UDP port of a VXLAN or Geneve link."""
    port = link.get("linkinfo", {}).get("info_data", {}).get("port")
    return port if isinstance(port, int) else None


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
    return f"{name} (pid {pid})" if name else "the kernel, for a tunnel's link (`ip -d link`) or a server in it"
