"""Services: by kube-proxy, or by Cilium per socket, per packet, or both."""

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
    """Replacement of kube-proxy, load balancing at the socket, and masquerading of traffic out of the cluster."""

    kube_proxy_replacement: bool = Field(False, description="Cilium serves Services itself, without kube-proxy")
    socket_lb: bool | None = Field(
        None, description="translate a Service's address when a socket connects; by default with kube_proxy_replacement"
    )
    socket_lb_host_only: bool = Field(
        False, description="only for sockets of the host, where pods' traffic is redirected (Istio, gVisor, Kata)"
    )
    bpf_masquerade: bool = Field(False, description="masquerade traffic out of the cluster in eBPF, not with iptables")

    @field_validator("kube_proxy_replacement", mode="before")
    @classmethod
    def _not_out_of_date(cls, value: Any) -> Any:
        if isinstance(value, str) and value in retired.PROXY_VALUES:
            raise ValueError(retired.proxy_value(value))
        return value

    @property
    def replaces_kube_proxy(self) -> bool:
        return self.kube_proxy_replacement

    @property
    def at_the_socket(self) -> bool:
        """Whether Services are translated when sockets connect."""
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
