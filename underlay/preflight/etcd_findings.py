"""Findings about members of etcd that are silent: kubeadm joins no further control-plane host meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.plan.etcd_members import EtcdMember, etcd_members
from underlay.plan.host_questions import HostAnswers
from underlay.plan.membership import Standing, standing
from underlay.plan.surroundings import numeric
from underlay.resources.answer import Answered


def joining_control_plane(cluster: Cluster, everybody: Mapping[str, HostAnswers]) -> dict[Node, Standing]:
    """The further control-plane hosts that are to join, with what they are until then.

    :param everybody: host name -> name of the probe -> what the host said.
    """
    if (first := everybody.get(cluster.first.name)) is None:
        return {}
    others = [n for n in cluster.control_plane if n != cluster.first and n.name in everybody]
    found = {n: standing(cluster, n, everybody[n.name], first) for n in others}
    return {n: place for n, place in found.items() if place in (Standing.ABSENT, Standing.STARTED)}


def left_members(cluster: Cluster, everybody: Mapping[str, HostAnswers]) -> Iterator[tuple[str, str, str]]:
    """Code, host and sentence for each member that does not answer, while another host is to become one.

    One that an attempt of ours has made is taken out by the next.
    """
    joining = joining_control_plane(cluster, everybody)
    if not joining:
        return
    match everybody[cluster.first.name]["etcd"]:
        case Answered(line):
            for member in etcd_members(line):
                node = next((n for n in cluster.control_plane if n.address == numeric(member.address)), None)
                if not member.answers and joining.get(node or cluster.first) is not Standing.STARTED:
                    yield _left(cluster, member, node if node in joining else None)


def _left(cluster: Cluster, member: EtcdMember, node: Node | None) -> tuple[str, str, str]:
    out = f"`{member.removal}` on {cluster.first.name}"
    named = f"{member.name or 'a member that never began'}, ID {member.id}"
    if node is not None:
        left = f"is a member of the cluster's etcd ({named}) whose data is not on the host any more"
        return "etcd-member-left", node.name, f"{left}; take that member out, then run again: {out}"
    silent = f"etcd's member at {member.address} ({named}) does not answer, and kubeadm joins no other meanwhile"
    return "etcd-member-left", cluster.first.name, f"{silent}; start it, or take it out for good: {out}"
