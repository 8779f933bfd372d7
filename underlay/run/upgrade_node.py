"""A node's upgrade by the new kubeadm: its static pods, certificates and configuration, before its new kubelet."""

from __future__ import annotations

from collections.abc import Sequence

from pyinfra.api import Host

from underlay.plan.kubeadm import upgrade_document
from underlay.plan.kubeadm_images import CONTROL_PLANE, image_check
from underlay.resources.answer import Answer
from underlay.resources.images import Images
from underlay.resources.resource import Resource

from .command import reason_of_script
from .converge import apply, differing, unknown
from .kubeadm_script import upgrade_script
from .observe import forget
from .privilege import root_arguments
from .run import current_run

_KUBEADM = "/usr/local/bin/kubeadm"


def upgrade_node(host: Host, found: Sequence[tuple[Resource, Answer]]) -> str | None:
    """Put the new kubeadm and the images on a node, and have it upgrade what it has made there; why not, or None.

    It may be repeated: what is upgraded already stays.

    :param found: the resources that Kubernetes needs of the node, with what was observed of each.
    """
    run = current_run()
    first = [(r, answer) for r, answer in found if isinstance(r, Images) or r.name == _KUBEADM]
    if reason := unknown(first):
        return reason
    forget(host.name)
    arguments = root_arguments(host)
    pending = differing(first)
    if pending and (reason := apply(host, pending, arguments, among=[r for r, _ in first])):
        return reason
    cluster, version = run.spec.cluster, run.spec.cluster.kubernetes_version
    images = [run.artifacts.reference(name) for name in CONTROL_PLANE]
    script = upgrade_script(
        cluster,
        f"kubeadm upgrade {'apply --yes' if run.is_first(host) else 'node'}",
        upgrade_document(cluster, carries_pods=run.spec.network.carries_pods),
        before=image_check(version, images) if cluster.node(host.name).is_control_plane else "",
    )
    return reason_of_script(host, script, arguments, most=12)
