"""What is broken of IPv6 alone, in an overlay of both IP versions between two hosts of one segment."""

from __future__ import annotations

from .mutations import BODY, FROM_NODE, MODE, NODE_PORT, PACKET, SOURCE, UDP, WIRE, Mutation, on

LAB = {"name": "dual-mutants", "network": "10.128.0.0/16", "network_v6": "fd61:128::/48", "workers": 1, "racks": 1}
SUBNETS = {"pod_subnet_v6": "fd00:10:244::/56", "service_subnet_v6": "fd00:10:96::/112"}
SECOND = "A Service's second ClusterIP"
_LINK, _PORT = "flannel-v6.1", 8472
# What is not reached cannot be asked the rest.
_UNREACHED = (WIRE, FROM_NODE, SOURCE, UDP, PACKET, NODE_PORT, SECOND)


def dual_stack_mutations() -> list[Mutation]:
    pods = SUBNETS["pod_subnet_v6"]
    hidden = _rule("nat hook postrouting priority 90", f"ip6 saddr {pods} ip6 daddr {pods} masquerade")
    past = "$(cat /run/mutation) via fd61:128:0:1::b dev eth0 metric 1"
    undo = on("w-1", "nft delete table ip6 mutation")
    return [
        Mutation("the IPv6 overlay's port dropped one way",
                 on("w-1", _rule("filter hook input priority -300", f"udp dport {_PORT} drop")), undo,
                 (BODY,), _UNREACHED),
        Mutation("IPv6 pods reach others past the overlay, IPv4 through it",
                 on("w-1", f"ip -6 route show dev {_LINK} | grep ' via ' | cut -d' ' -f1 >/run/mutation",
                    f"ip -6 route add {past}"),
                 on("w-1", f"ip -6 route del {past}"), (MODE, WIRE)),
        Mutation("NAT hides IPv6 pod addresses", on("w-1", hidden), undo, (SOURCE, UDP), (MODE,)),
    ]  # fmt: skip


def _rule(chain: str, rule: str) -> str:
    return (
        f"nft 'add table ip6 mutation; add chain ip6 mutation c {{ type {chain} ; }}; add rule ip6 mutation c {rule}'"
    )
