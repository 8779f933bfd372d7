"""Mode calico-egress-gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from underlay.model.cluster import Cluster
from underlay.model.traits import Status, Traits

from .vxlan import CalicoVxlan


class CalicoEgressGateway(CalicoVxlan):
    """Egress from fixed addresses, by what replaces an egress gateway in open-source Calico; on calico-vxlan.

    The egress gateway itself is part of Calico Enterprise and Cloud only. The replacements, by `egress`: "gateway-node"
    (configured by Underlay on the hosts: pods of a namespace leave through one node with one source address; while that
    node is down they reach nothing outside), "node-addresses" (each node's pods leave with another address of the node)
    and, in calico-bgp, "namespace-pools" (a range for each namespace, visible outside). None selects pods by labels,
    none fails over. The controller egressgateway of spidernet-io does both, and you can install it; Cilium has an
    egress gateway.
    """

    data_path = "VXLAN between nodes, egress through one node"

    egress: Literal["none", "namespace-pools", "node-addresses", "gateway-node"] = Field(
        "gateway-node", description="what replaces the egress gateway, with the limits described above"
    )

    @classmethod
    def example(cls) -> dict[str, Any]:
        return {
            "egress_pools": {"shop": "10.244.192.0/24"},
            "egress_gateway": "w-1",
            "egress_addresses": {"w-1": "192.0.2.50"},
        }

    @property
    def traits(self) -> Traits:
        warning = "not the egress gateway of Calico Enterprise: no selection by labels, no failover"
        return replace(super().traits, status=Status.SUBSTITUTE, warning=warning)

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        yield from super().own_problems(cluster)
        if self.egress == "none":
            yield (
                'network.egress: calico-egress-gateway requires a replacement (it is "none"); use "gateway-node" or '
                '"node-addresses", or the mode calico-vxlan'
            )
