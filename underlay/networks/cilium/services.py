"""Services: by kube-proxy, or by Cilium at the socket, at the packet, or both."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from underlay.model.cluster import Cluster
from underlay.model.values import merged
from underlay.networks.ebpf import MASQUERADE
from underlay.resources.kernel_option import KernelOption

from . import retired
from .agent import Agent


class Services(Agent):
    """kube-proxy replaced or beside it, load balancing at the socket, and who translates what leaves the cluster."""

    kube_proxy_replacement: bool = Field(False, description="Cilium serves Services itself, and kube-proxy is left out")
    socket_lb: bool | None = Field(
        None, description="a Service's address is replaced as a socket connects; by default with kube_proxy_replacement"
    )
    socket_lb_host_only: bool = Field(
        False, description="at sockets of the host alone, for pods whose traffic is redirected (Istio, gVisor, Kata)"
    )
    bpf_masquerade: bool = Field(
        False, description="translate pods' addresses in eBPF as they leave the cluster, not by iptables"
    )

    @field_validator("kube_proxy_replacement", mode="before")
    @classmethod
    def _no_word_of_old(cls, value: Any) -> Any:
        if isinstance(value, str) and value in retired.PROXY_WORDS:
            raise ValueError(retired.proxy_word(value))
        return value

    @property
    def replaces_kube_proxy(self) -> bool:
        return self.kube_proxy_replacement

    @property
    def at_the_socket(self) -> bool:
        """Whether Services are resolved as sockets connect."""
        return self.kube_proxy_replacement if self.socket_lb is None else self.socket_lb

    def chart_values(self, cluster: Cluster) -> dict[str, Any]:
        api = {"k8sServiceHost": cluster.api_host, "k8sServicePort": cluster.api_port}
        own: dict[str, Any] = {
            "kubeProxyReplacement": self.kube_proxy_replacement,
            "socketLB": {
                "enabled": self.at_the_socket,
                **({"hostNamespaceOnly": True} if self.socket_lb_host_only else {}),
            },
            "bpf": {"masquerade": self.bpf_masquerade},
            **(api if self.kube_proxy_replacement else {}),
        }
        return merged(super().chart_values(cluster), own)

    def options(self, cluster: Cluster) -> tuple[KernelOption, ...]:
        return (*super().options(cluster), *(() if self.bpf_masquerade else MASQUERADE))

    def status(self, cluster: Cluster) -> dict[str, Any]:
        return super().status(cluster) | {
            "masquerading": "BPF" if self.bpf_masquerade else "iptables",
            "kube-proxy replaced": self.kube_proxy_replacement,
            "socket LB": self.at_the_socket,
        }
