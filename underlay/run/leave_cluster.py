"""A node leaves a cluster that goes on without it: its pods move, its etcd member and its Node go."""

from __future__ import annotations

from shlex import quote

from pyinfra.api import Host
from pyinfra.context import ctx_host

from underlay.model.node import Node
from underlay.resources.api_server import KUBECTL

from .command import reason_of_script
from .drain import drain
from .node_state import lines_of
from .privilege import root_arguments
from .run import current_run

_MEMBER = """\
set -eu
timeout 120 kubeadm reset phase remove-etcd-member </dev/null >/dev/null
"""


def leave_cluster(first: Host, host: Host, node: Node) -> str | None:
    """Take a node out of its cluster, before anything on it is touched; why that failed, or None.

    :param first: the first control-plane host, which stays.
    """
    name = quote(node.name)
    listed = lines_of(first, f"{KUBECTL} get node {name} --ignore-not-found -o name && echo answered")
    if not listed or listed[-1] != "answered":
        return f"the API server does not answer on {first.name}, and the node cannot leave the cluster without it"
    if len(listed) == 1:
        return None
    if reason := drain(first, node.name, seconds=current_run().spec.rollout.drain_s, cordoned=False):
        return reason
    if node.is_control_plane and (reason := reason_of_script(host, _MEMBER, root_arguments(host))):
        return f"its etcd member cannot be removed: {reason}"
    with ctx_host.use(first):
        return reason_of_script(first, f"{KUBECTL} delete node {name} >/dev/null\n", root_arguments(first))
