"""What a run has to undo on a host before kubeadm: its own attempt that did not complete."""

from __future__ import annotations

from pyinfra.api import Host

from underlay.networks.network import Network
from underlay.plan.attempt import forget_subnet, undo
from underlay.plan.membership import Standing

from .run import current_run
from .standings import standing_of

_CNI = "/etc/cni/net.d/"


def before_kubeadm(host: Host) -> str:
    """Shell that removes what the host has of an attempt that did not complete, and of its former pod subnet."""
    network = current_run().spec.network
    return "\n".join(part for part in (_undo_of(host), forget_subnet(_bridges(network), _notes(network))) if part)


def _undo_of(host: Host) -> str:
    """Shell that undoes the attempt that has not completed on the host; empty where there is none."""
    if standing_of(host.name) is not Standing.STARTED:
        return ""
    run = current_run()
    node, traces = run.spec.cluster.node(host.name), run.spec.network.traces()
    return undo(
        etcd=node.is_control_plane,
        member=node.is_control_plane and node != run.spec.cluster.first,
        files=[f for f in traces.files if f.startswith(_CNI)],
        links=_bridges(run.spec.network),
    )


def _notes(network: Network) -> list[str]:
    """Files in which an agent notes the node's pod subnet, for its plugin to read."""
    return [f"{path}/subnet.env" for path in network.traces().files if path == "/run/flannel"]


def _bridges(network: Network) -> list[str]:
    """The bridges that pods of a node hang on, and that keep the addresses of its former pod subnet."""
    return [link for link in network.traces().links if link == "cni0"]
