"""Links that a network plugin left on a host that is no member yet, told by what they are, not by their names alone."""

from __future__ import annotations

from underlay.model.cluster import Cluster
from underlay.model.link_evidence import OF_KERNEL, addresses_on, is_made
from underlay.model.node import Node
from underlay.networks.network import Network
from underlay.networks.registry import modes
from underlay.plan.host_questions import HostAnswers
from underlay.resources.answer import Answered

from .links import link_with, objects_of


def left_links(cluster: Cluster, network: Network, node: Node, answers: HostAnswers) -> dict[str, str]:
    """Name of the link -> the mode that creates such a one."""
    answer = answers["addresses"]
    own = link_with(answer.line, node.address) if isinstance(answer, Answered) else None
    links = [x for x in objects_of(answer) if own and x["ifname"] not in ("lo", own.name)]
    if not links:
        return {}
    # Most hosts have no other link, and modes take time to load.
    creators = [(mode, kind(**kind.example()).traces()) for mode, kind in modes().items()]
    # What stands where the network is going to create its own stops it, whosever it is.
    found = {x["ifname"]: network.mode for x in links if x["ifname"] in network.traces().links}
    for link in links:
        mode = next((m for m, t in creators if is_made(link, t, pods=cluster.pod_subnets)), None)
        if mode is not None:
            found.setdefault(link["ifname"], mode)
    # A kernel module's own link, and no more.
    bare = {x["ifname"] for x in links if x["ifname"] in OF_KERNEL and not addresses_on(x)}
    return {name: mode for name, mode in found.items() if name not in bare}


def removal(name: str) -> str:
    """The command that takes such a link away."""
    # What a kernel module created cannot be deleted, and is no obstacle once it is bare.
    return f"`ip address flush dev {name}`" if name in OF_KERNEL else f"`ip link delete {name}`"
