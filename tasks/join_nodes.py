"""kubeadm join: workers in parallel, control-plane hosts one after another."""

from __future__ import annotations

from typing import Any

from gevent.lock import BoundedSemaphore
from pyinfra.api import Host, operation
from pyinfra.context import ctx_host

from underlay.plan.kubeadm import CONFIG, DISCOVERY, discovery, join_documents
from underlay.plan.membership import Standing
from underlay.plan.registration import registration
from underlay.resources.answer import line_of
from underlay.run.command import Step, Steps, reason_of_script
from underlay.run.kubeadm_script import kubeadm_script
from underlay.run.observe import answers, forget
from underlay.run.run import current_run
from underlay.run.standings import is_to_join, standing_of
from underlay.run.undone_attempt import before_kubeadm

# etcd accepts one learner at a time.
_one_member = BoundedSemaphore(1)


@operation()
def join() -> Steps:
    """Join the host to the cluster, unless it is a member already; one that was registered again takes up its work."""
    run, host = current_run(), ctx_host.get()
    if not run.is_node(host) or host.name not in run.limit:
        return
    if standing_of(host.name) is Standing.UNLISTED:
        yield Step("restart kubelet", _restart)
    elif not run.is_first(host) and is_to_join(host.name):
        yield Step("kubeadm join", _join)


def join_nodes() -> None:
    join(name="Join nodes")


def _restart(host: Host, arguments: dict[str, Any]) -> str | None:
    _ask_for_rollouts_again()
    return reason_of_script(host, "systemctl restart kubelet", arguments)


def _ask_for_rollouts_again() -> None:
    """What was complete without this node is waited for with it, when the network is installed."""
    forget(current_run().spec.cluster.first.name)


def _join(host: Host, arguments: dict[str, Any]) -> str | None:
    run = current_run()
    cluster, material = run.spec.cluster, run.cluster.join
    if material is None:
        return f"there is no join token; see the failure of {cluster.first.name}"
    _ask_for_rollouts_again()
    node = cluster.node(host.name)
    key = material.certificate_key if node.is_control_plane else None
    documents = {
        DISCOVERY: discovery(cluster, ca=material.ca, token=material.token),
        CONFIG: join_documents(cluster, node, certificate_key=key),
    }
    script = kubeadm_script(
        cluster,
        "kubeadm join",
        documents,
        queried_mark=line_of(answers(host)["member"]),
        undo=before_kubeadm(host),
        after=registration(node.name),
    )
    if node.is_control_plane:
        with _one_member:
            return reason_of_script(host, script, arguments, most=12)
    return reason_of_script(host, script, arguments, most=12)
