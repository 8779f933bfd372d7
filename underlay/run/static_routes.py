"""The static routes to other nodes' pods that a host needs, once the cluster has assigned the pod subnets."""

from __future__ import annotations

from collections.abc import Sequence

from pyinfra.api import Host

from underlay.resources.resource import Resource
from underlay.routing.resources import learned

from .run import current_run


def routes_of(host: Host) -> Sequence[Resource]:
    """The resources that follow from the nodes' pod subnets; none where routes are not static."""
    run = current_run()
    if not run.has_static_routes or not run.is_node(host):
        return ()
    return learned(run.spec.cluster, run.spec.network, run.spec.cluster.node(host.name), run.cluster.pod_subnets)
