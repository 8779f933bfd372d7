"""Mode flannel-ipsec."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from underlay.model.capture import Wire, pods_in_the_clear
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.footprint import Traces
from underlay.model.node import Node
from underlay.model.packet_header import Header, ip, udp
from underlay.model.prerequisites import Port
from underlay.model.traits import Status, Traits
from underlay.networks.xfrm import STATES, associations_problem
from underlay.resources.sysctl import Sysctl

from .flannel import Flannel

# pkg/backend/ipsec/ipsec_network.go: enough for AES-CBC with SHA-256, the largest of all proposals.
_RESERVED = 77
# SPI, sequence, IV, padding, trailer and ICV of AES-GCM, at most; the 20 bytes of IP and 8 of UDP are extra.
_ESP = 37


class FlannelIpsec(Flannel):
    """IPsec between nodes, keys exchanged by IKEv2; Flannel calls it experimental.

    Choose it where encryption has to be IPsec; flannel-wireguard is simpler, faster and supported. Costs 77 bytes per
    packet, IPv4 only. The policies match traffic from pod to pod: a node itself does not reach pods of other nodes, so
    that NodePorts and webhooks fail there. Hosts need a default route, since a packet is routed before it is encrypted,
    and no other IPsec.
    """

    data_path = "IPsec between nodes, without a link"
    registered: ClassVar[str] = "ipsec"

    psk: SecretStr | None = Field(
        None, description="the pre-shared key of all nodes, 96 hexadecimal digits or more; secret"
    )
    udp_encap: bool = Field(False, description="ESP always inside UDP, for NAT between nodes; 8 bytes more per packet")
    esp_proposal: str = Field(
        "aes128gcm16-sha256-prfsha256-ecp256",
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$",
        description="the algorithms of ESP, in strongSwan's notation",
    )

    @classmethod
    def example(cls) -> dict[str, Any]:
        return {"psk": "00112233445566778899aabbccddeeff" * 3}

    @field_validator("psk")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch("[0-9a-fA-F]{96,}", value.get_secret_value()):
            raise ValueError("a key has 96 hexadecimal digits or more; generate one with `openssl rand -hex 48`")
        return value

    @property
    def traits(self) -> Traits:
        warning = "Flannel calls this backend experimental and unsupported; nodes do not reach pods of other nodes"
        return replace(super().traits, status=Status.EXPERIMENTAL, encryption="IPsec", warning=warning)

    def problems(self, cluster: Cluster) -> list[str]:
        found = super().problems(cluster)
        if self.psk is None:
            found.append("network.psk: is missing; generate one with `openssl rand -hex 48`")
        return found

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        return {
            "Type": "ipsec",
            "PSK": self.psk.get_secret_value() if self.psk else "",
            "UDPEncap": self.udp_encap,
            "ESPProposal": self.esp_proposal,
        }

    @property
    def has_key(self) -> bool:
        return True

    @property
    def nodes_reach_pods(self) -> bool:
        """A node's own packets come from its own address, and the policies match pods' addresses only."""
        return False

    def modules(self) -> tuple[str, ...]:
        return ("xfrm_user", "esp4")

    def sysctls(self) -> tuple[Sysctl, ...]:
        # Pods' decrypted packets arrive by the node's link; the looser of this and the link's value applies.
        return (Sysctl("net.ipv4.conf.all.rp_filter", "2"),)

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        ike = (Port("udp", 500, "IKE"), Port("udp", 4500, "IKE and ESP in UDP"))
        return ike if self.udp_encap else (Port("esp", 0, "flannel IPsec"), *ike)

    def headers(self, cluster: Cluster) -> tuple[Header, ...]:
        return (ip(), *([udp(4500)] if self.udp_encap else []), Header("ESP", _ESP, "encrypted from here on"))

    def overhead(self, cluster: Cluster) -> int:
        return _RESERVED + (8 if self.udp_encap else 0)

    def wire(self, cluster: Cluster, one: Node, other: Node) -> Wire:
        shows = "udp port 4500" if self.udp_encap else "ip proto 50"
        # A capture shows incoming packets twice, the second time decrypted.
        return Wire(shows=shows, never_sent=pods_in_the_clear(cluster))

    def checks(self, cluster: Cluster) -> list[Check]:
        checks = super().checks(cluster)
        for node in cluster.nodes:
            checks.append(
                Check("IPsec policies", node.name, "ip xfrm policy list", partial(_judge_policies, cluster, node))
            )
            checks.append(Check("IPsec associations", node.name, STATES, partial(associations_problem, cluster, node)))
        return checks

    def traces(self) -> Traces:
        return replace(super().traces(), xfrm=True)


def _judge_policies(cluster: Cluster, node: Node, output: str) -> str | None:
    """Policies out, in and fwd for every other node, each with a tunnel between the two nodes' addresses."""
    observed: dict[str, set[str]] = {"out": set(), "in": set(), "fwd": set()}
    found = re.findall(r"\bdir (\w+) .*\n\s*tmpl src (\S+) dst (\S+)", output)
    for direction, source, target in found:
        own, other = (source, target) if direction == "out" else (target, source)
        if direction in observed and own == str(node.address):
            observed[direction].add(other)
    expected = {str(n.address) for n in cluster.nodes if n != node}
    missing = {direction: sorted(expected - addresses) for direction, addresses in observed.items()}
    return (
        "; ".join(f"no policy {d} for {', '.join(addresses)}" for d, addresses in missing.items() if addresses) or None
    )
