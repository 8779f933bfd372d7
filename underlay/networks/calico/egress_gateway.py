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
    """Egress from fixed addresses, by what open-source Calico has instead of its egress gateway; on calico-vxlan.

    The egress gateway itself is Calico Enterprise's and Cloud's; applying its kind here fails. What stands in, by
    `egress`: "gateway-node" (we lay it on the hosts: the pods of a namespace leave through one node, under one address;
    while that node is away they reach nothing outside), "node-addresses" (each node's pods under another address of the
    node) and, in calico-bgp, "namespace-pools" (a range by namespace, seen outside as it is). None chooses pods by
    labels, none fails over. The controller egressgateway of spidernet-io does both, and is yours to install; Cilium has
    a gateway of its own.
    """

    data_path = "VXLAN between nodes, one node to the outside"

    egress: Literal["none", "namespace-pools", "node-addresses", "gateway-node"] = Field(
        "gateway-node", description="what stands in for the egress gateway; see there what each does not deliver"
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
        warning = "not Calico's egress gateway, which is Enterprise's: no choice by labels, no failover"
        return replace(super().traits, status=Status.SUBSTITUTE, warning=warning)

    def own_problems(self, cluster: Cluster) -> Iterator[str]:
        yield from super().own_problems(cluster)
        if self.egress == "none":
            yield (
                'network.egress: "none" leaves calico-egress-gateway nothing to do; choose "gateway-node" or '
                '"node-addresses", or use calico-vxlan'
            )
