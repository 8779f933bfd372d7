"""Everything that Calico installs in the cluster, in the order in which it has to exist."""

from __future__ import annotations

from underlay.model.addon import Addon, Rollout
from underlay.model.cluster import Cluster
from underlay.model.values import merged

from . import egress, release
from .installation import installation
from .mode import CalicoMode
from .objects import NAMESPACE, OPERATOR, calico, cluster_object


def addon(network: CalicoMode, cluster: Cluster) -> Addon:
    """The objects and charts of a mode, with the values of the inventory merged over its specs."""
    specs = {"FelixConfiguration": network.felix_spec(cluster), "BGPConfiguration": network.bgp_spec(cluster)}
    specs = {kind: merged(spec, network.values.get(kind, {})) for kind, spec in specs.items()}
    what = merged(installation(network, cluster), network.values.get("Installation", {}))
    endpoint = (cluster.api_host, cluster.api_port) if network.ebpf else None
    return Addon(
        objects=(*network.before(cluster), *egress.namespaces(network)),
        crds=release.crds(network.version),
        release=release.operator(network.version, endpoint=endpoint),
        pulled=release.images(
            network.version, registry=str(what.get("registry", "quay.io/")), api_server=network.api_server
        ),
        # The Installation starts calico-node: its configuration goes first.
        after=(
            *(calico(kind, "default", spec) for kind, spec in specs.items() if spec),
            *network.peers(cluster),
            *egress.objects(network),
            cluster_object(OPERATOR, "Installation", "default", what),
            *((cluster_object(OPERATOR, "APIServer", "default", {}),) if network.api_server else ()),
        ),
        # A node is Ready once it has the CNI configuration, long before Calico is: wait for the workloads.
        rollouts=(
            Rollout("Deployment", release.OPERATOR_NAMESPACE, "tigera-operator"),
            Rollout("DaemonSet", NAMESPACE, "calico-node"),
            Rollout("Deployment", NAMESPACE, "calico-kube-controllers"),
            Rollout("Deployment", "kube-system", "coredns"),
        ),
    )
