"""Encryption between nodes: WireGuard or IPsec, over any of Cilium's own data paths."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator

from underlay.model.addon import Object
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.packet_header import Header, ip, udp
from underlay.model.prerequisites import Port
from underlay.model.values import merged
from underlay.networks.ebpf import IPSEC
from underlay.resources.kernel_option import KernelOption

from .agent import NAMESPACE, Agent
from .xfrm import xfrm_checks

# From v1.20.2: pkg/wireguard/types, pkg/mtu/mtu.go (for an ICV of 128 bits).
WIREGUARD_PORT, WIREGUARD_LINK = 51871, "cilium_wg0"
IPSEC_OVERHEAD = 77
IPSEC_SECRET = "cilium-ipsec-keys"  # noqa: S105
# AES-128, -192, -256, each with four bytes of salt (RFC 4106).
_KEY = re.compile(r"([0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{72})", re.IGNORECASE)


class Encryption(Agent):
    """Encrypts packets between pods of different nodes; packets between pods of one node are not encrypted."""

    encryption: Literal["none", "wireguard", "ipsec"] = Field("none", description="none, wireguard or ipsec")
    ipsec_key: SecretStr | None = Field(
        None, description="IPsec key: 40, 56 or 72 hex digits (openssl rand -hex 20); secret"
    )
    ipsec_key_id: int = Field(3, ge=1, le=15, description="ID of the key; a new key takes the next one, 1 after 15")
    node_encryption: bool = Field(False, description="encrypt traffic of the nodes themselves too (WireGuard)")
    strict_encryption: bool = Field(False, description="drop pods' packets that are not encrypted (WireGuard)")

    @field_validator("ipsec_key")
    @classmethod
    def _of_a_known_length(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _KEY.fullmatch(value.get_secret_value()):
            raise ValueError("a key has 40, 56 or 72 hex digits; generate one with `openssl rand -hex 20`")
        return value

    @property
    def by_wireguard(self) -> bool:
        """Whether WireGuard encrypts."""
        return self.encryption == "wireguard"

    @property
    def by_ipsec(self) -> bool:
        """Whether IPsec encrypts."""
        return self.encryption == "ipsec"

    def encryption_headers(self, cluster: Cluster) -> tuple[Header, ...]:
        """The outermost headers: with either encryption the tunnel is inside (since 1.16 and 1.18)."""
        outer = ip(cluster.first.address.version)
        if self.by_wireguard:
            return (outer, udp(WIREGUARD_PORT), Header("WireGuard", 32, "encrypted from here on"))
        return (outer, Header("ESP", 36, "encrypted from here on")) if self.by_ipsec else ()

    def reserved(self, cluster: Cluster) -> int:
        own = {"wireguard": self.release_facts.wireguard, "ipsec": IPSEC_OVERHEAD, "none": 0}
        return super().reserved(cluster) + own[self.encryption]

    def chart_values(self, cluster: Cluster) -> dict[str, Any]:
        own: dict[str, Any] = {"enabled": self.encryption != "none"}
        if own["enabled"]:
            own |= {"type": self.encryption, "nodeEncryption": self.node_encryption}
        if self.by_ipsec:
            own["ipsec"] = {"secretName": IPSEC_SECRET}
        if self.strict_encryption:
            # With tunnels, the agents have to look up the node of a remote pod.
            tunnelled = bool(self.path(cluster).status != "Native")
            egress = {"enabled": True, "cidr": str(cluster.pod_subnet), "allowRemoteNodeIdentities": tunnelled}
            own["strictMode"] = {"egress": egress, "ingress": {"enabled": True}}
        # Packets forwarded in eBPF bypass IPsec on kernels without commit c4327229948879814229b46aa26a750718888503.
        legacy = {"bpf": {"hostLegacyRouting": True}} if self.by_ipsec else {}
        return merged(super().chart_values(cluster), {"encryption": own, **legacy})

    def encryption_objects(self) -> tuple[Object, ...]:
        """The Secret with the IPsec key, applied before the chart; none for WireGuard."""
        if not self.by_ipsec or self.ipsec_key is None:
            return ()
        # The + derives a key for every pair of nodes from this one.
        keys = f"{self.ipsec_key_id}+ rfc4106(gcm(aes)) {self.ipsec_key.get_secret_value()} 128"
        return (
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": IPSEC_SECRET, "namespace": NAMESPACE},
                "stringData": {"keys": keys},
            },
        )

    def modules(self, cluster: Cluster) -> tuple[str, ...]:
        esp = tuple(f"esp{family}" for family in cluster.families)
        own = {"wireguard": ("wireguard",), "ipsec": ("xfrm_user", *esp), "none": ()}
        return (*super().modules(cluster), *own[self.encryption])

    def options(self, cluster: Cluster) -> tuple[KernelOption, ...]:
        return (*super().options(cluster), *(IPSEC if self.by_ipsec else ()))

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        wireguard, esp = Port("udp", WIREGUARD_PORT, "Cilium WireGuard"), Port("esp", 0, "Cilium IPsec")
        own = {"wireguard": (wireguard,), "ipsec": (esp,), "none": ()}
        return (*super().ports(cluster), *own[self.encryption])

    def links(self, cluster: Cluster) -> tuple[str, ...]:
        return (*super().links(cluster), *((WIREGUARD_LINK,) if self.by_wireguard else ()))

    def status(self, cluster: Cluster) -> dict[str, Any]:
        own: dict[str, Any] = {
            "encryption": {"wireguard": "Wireguard", "ipsec": "IPsec", "none": "Disabled"}[self.encryption]
        }
        if self.by_wireguard:
            own["WireGuard peers"] = len(cluster.nodes) - 1
        return super().status(cluster) | own

    def encryption_checks(self, cluster: Cluster) -> list[Check]:
        """Checks of IPsec; for WireGuard the agent's status has the peers."""
        return xfrm_checks(cluster) if self.by_ipsec else []
