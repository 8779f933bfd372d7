"""What is broken of IPv6 alone, in an overlay of both IP versions between two hosts of one segment."""

from __future__ import annotations

from typing import Any

from underlay.lab.model.topology import Lab

from .mutations import BODY, FROM_NODE, MODE, NODE_PORT, PACKET, SOURCE, UDP, WIRE, Mutation, filtered, on

LAB: dict[str, Any] = {
    "name": "dual-mutants",
    "network": "10.128.0.0/16",
    "network_v6": "fd61:128::/48",
    "workers": 1,
    "racks": 1,
}
SUBNETS = {"pod_subnet_v6": "fd00:10:244::/56", "service_subnet_v6": "fd00:10:96::/112"}
SECOND = "A Service's second ClusterIP"
_LINK, _PORT = "flannel-v6.1", 8472
# The other probes of what is not reached cannot pass.
_UNREACHED = (WIRE, FROM_NODE, SOURCE, UDP, PACKET, NODE_PORT, SECOND)


def dual_stack_mutations() -> list[Mutation]:
    pods = SUBNETS["pod_subnet_v6"]
    past = f"$(cat /run/mutation) via {Lab(**LAB).node('cp-1').address_v6} dev eth0 metric 1"
    return [
        filtered("the IPv6 overlay's port dropped one way", "w-1", "input", f"udp dport {_PORT} drop", BODY,
                 also=_UNREACHED, family="ip6"),
        Mutation("IPv6 pods reach others outside the overlay, IPv4 through it",
                 on("w-1", f"ip -6 route show dev {_LINK} | grep ' via ' | cut -d' ' -f1 >/run/mutation",
                    f"ip -6 route add {past}"),
                 on("w-1", f"ip -6 route del {past}"), (MODE, WIRE)),
        filtered("NAT hides IPv6 pod addresses", "w-1", "postrouting",
                 f"ip6 saddr {pods} ip6 daddr {pods} masquerade", SOURCE, UDP, also=(MODE,), kind="nat", family="ip6"),
    ]  # fmt: skip
