"""The variables of an inventory: types, bounds, defaults and descriptions."""

from __future__ import annotations

import json
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from underlay.clouds.settings import CloudSettings
from underlay.findings.codes import CODES
from underlay.load_balancers.settings import LoadBalancerSettings
from underlay.model.routes import Routes
from underlay.policy_engines.settings import PolicyEngineSettings

from .errors import nearest
from .host_names import LABEL, endpoint_problem
from .kubeadm_checks import check_problem
from .proxy_variables import ProxyVariables
from .registry_variables import RegistryVariables, host_problem

KUBERNETES_DEFAULT = "v1.37.2"
# kubeadm v1beta4, cgroup v2 and kube-proxy's nftables mode are the same in these minors.
KUBERNETES_MINORS = ("v1.35", "v1.36", "v1.37")


class HostVariables(BaseModel):
    """Variables of a single host."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: IPv4Address | IPv6Address = Field(description="the address that carries the node's traffic")
    rack: str = Field(
        "rack-1", pattern=r"^[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$", description="the L2 segment the host is on"
    )

    address_v6: IPv6Address | None = Field(None, description="its second address, in a dual-stack cluster")
    fabric_address: IPv4Address | None = Field(None, description="a router's address towards other racks' routers")
    as_number: int | None = Field(None, gt=0, lt=2**32, description="a router's AS (group routers)")

    @field_validator("address", "address_v6", "fabric_address", mode="before")
    @classmethod
    def _one_hosts(cls, value: Any, info: ValidationInfo) -> IPv4Address | IPv6Address | None:
        if value is None and info.field_name != "address":
            return None
        # pydantic would convert numbers and True into addresses.
        if not isinstance(value, (str, IPv4Address, IPv6Address)) or "%" in str(value):
            raise ValueError("an address looks like 192.0.2.1 or 2001:db8::1")
        try:
            address = ip_address(value)
        except ValueError as error:
            raise ValueError("an address looks like 192.0.2.1 or 2001:db8::1") from error
        if address.is_loopback or address.is_multicast or address.is_unspecified:
            raise ValueError("no host can be reached at this address")
        return address


class ClusterVariables(BaseModel):
    """Variables with one value for all hosts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cluster_name: str = Field("underlay", pattern=f"^{LABEL}$", description="the cluster's name in its kubeconfig")
    kubernetes_version: str = Field(KUBERNETES_DEFAULT, description="exact version, e.g. v1.37.2")
    network: dict[str, Any] = Field(description='the network: {"mode": NAME, …settings of the mode}')
    pod_subnet: IPv4Network | IPv6Network = Field(IPv4Network("10.244.0.0/16"), description="addresses of pods")
    service_subnet: IPv4Network | IPv6Network = Field(IPv4Network("10.96.0.0/16"), description="addresses of Services")
    pod_subnet_v6: IPv6Network | None = Field(None, description="IPv6 addresses of pods: makes the cluster dual stack")
    service_subnet_v6: IPv6Network | None = Field(None, description="IPv6 addresses of Services, with pod_subnet_v6")
    bgp: dict[str, Any] | None = Field(None, description="AS numbers, routers and sessions; see below")
    routes: Routes | None = Field(
        None,
        description="what makes pod subnets reachable: plugin, bgp, static or cloud; the mode's default if not set",
    )
    cloud: CloudSettings | None = Field(
        None, description='the VPC whose route tables reach the pods, with routes = "cloud"'
    )
    load_balancer: LoadBalancerSettings | None = Field(
        None,
        description="the provider of addresses for Services of type LoadBalancer, announced by ARP and NDP: "
        '{"provider": "metallb", "addresses": {rack: [range, …]}}',
    )
    network_policy: PolicyEngineSettings | None = Field(
        None,
        description="what enforces NetworkPolicies where the mode enforces none: "
        '{"engine": "kube-router"}, see docs/policies.md',
    )
    control_plane_endpoint: str | None = Field(
        None,
        description="host[:port] of the API's load balancer; the first control-plane host when there is one only",
    )
    path_mtu: int | None = Field(
        None, ge=1280, le=65535, description="largest packet between any two hosts, bytes; measured if not set"
    )
    accepted: dict[str, str] = Field({}, description="preflight findings to accept: code -> reason; they stay visible")
    tunnel_offload: Literal["keep", "off"] = Field(
        "keep",
        description="checksum and segmentation offload below tunnels: off where preflight finds that it corrupts",
    )
    artifacts: dict[str, Any] = Field(
        {"source": "upstream"},
        description='where binaries and images come from: {"source": "upstream" | "mirror" | "bundle", …}',
    )
    proxy: ProxyVariables | None = Field(
        None,
        description="what hosts take to what is outside the cluster: "
        '{"http": URL, "https": URL, "no_proxy": "names,subnets"}; its passwords are secret',
    )
    registries: dict[str, RegistryVariables] = Field(
        {},
        description="where images are pulled from, by their own registry: "
        '{"registry.k8s.io": {"endpoint": URL, "username": …, "password": …}}; passwords are secret',
    )
    swap: Literal["off", "keep"] = Field("off", description="swap off and kept off, or left as it is")
    ignore_preflight_errors: tuple[str, ...] = Field((), description="kubeadm preflight checks to ignore")
    kubelet: dict[str, Any] = Field({}, description="fields merged over the KubeletConfiguration")
    kube_proxy: dict[str, Any] = Field(
        {}, description='fields merged over the KubeProxyConfiguration, e.g. {"mode": "iptables"}'
    )
    containerd: dict[str, Any] = Field({}, description="tables merged over containerd's config.toml")
    rollout: dict[str, Any] = Field(
        {},
        description="the steps in which nodes get a change that restarts something: "
        '{"batch": "25%", "canary": [], "stop_after": 1, "drain_s": 300}',
    )
    verify: bool = Field(True, description="whether the deploy ends with the verification")

    @field_validator("pod_subnet", "service_subnet", "pod_subnet_v6", "service_subnet_v6", mode="before")
    @classmethod
    def _subnet(cls, value: Any) -> IPv4Network | IPv6Network | None:
        if value is None:
            return None
        if isinstance(value, (IPv4Network, IPv6Network)):
            return value
        try:
            # An interface may have host bits set; its network has none.
            interface = ip_interface(value if isinstance(value, str) else "")
        except ValueError as error:
            raise ValueError("a subnet looks like 10.244.0.0/16 or fd00:10::/48") from error
        if interface.ip != interface.network.network_address:
            raise ValueError(f"a subnet has no host bits set; did you mean {interface.network}?")
        return interface.network

    @field_validator("kubernetes_version")
    @classmethod
    def _supported(cls, value: str) -> str:
        if not re.fullmatch(r"v[0-9]+\.[0-9]+\.(0|[1-9][0-9]{0,2})", value):
            raise ValueError(f"a version looks like {KUBERNETES_DEFAULT}")
        if value.rsplit(".", 1)[0] not in KUBERNETES_MINORS:
            raise ValueError(f"unsupported version; supported are {', '.join(m + '.x' for m in KUBERNETES_MINORS)}")
        return value

    @field_validator("control_plane_endpoint")
    @classmethod
    def _endpoint(cls, value: str | None) -> str | None:
        if value is not None and (problem := endpoint_problem(value)):
            raise ValueError(problem)
        return value

    @field_validator("accepted")
    @classmethod
    def _codes(cls, value: dict[str, str]) -> dict[str, str]:
        for code, reason in value.items():
            if code not in CODES:
                near = nearest(code, CODES)
                raise ValueError(f"there is no finding {code}" + (f"; did you mean {near}?" if near else ""))
            if not CODES[code].acceptable:
                raise ValueError(f"{code} cannot be accepted: no deploy can go on with it")
            if not reason.strip():
                raise ValueError(f"{code} is accepted without a reason")
            if not reason.isprintable():
                raise ValueError(f"the reason to accept {code} is no line of text")
        return value

    @field_validator("ignore_preflight_errors")
    @classmethod
    def _checks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if problem := check_problem(name):
                raise ValueError(problem)
        if len(value) > 1 and "all" in map(str.lower, value):
            raise ValueError("kubeadm takes no other check beside all; leave the others out")
        return value

    @field_validator("registries")
    @classmethod
    def _hosts(cls, value: dict[str, RegistryVariables]) -> dict[str, RegistryVariables]:
        for host in value:
            if problem := host_problem(host):
                raise ValueError(problem)
        return value

    @field_validator("kubelet", "kube_proxy", "containerd")
    @classmethod
    def _plain(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Normalised by a round trip through JSON, so that every document can hold it."""
        try:
            text = json.dumps(value, allow_nan=False, ensure_ascii=False)
            text.encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError("it holds a value that is not plain data: text, numbers, lists, tables") from error
        return dict(json.loads(text))

    @field_validator("containerd")
    @classmethod
    def _toml(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            tomli_w.dumps(value)
        except (TypeError, ValueError) as error:
            raise ValueError("it holds a value that TOML does not know, such as None") from error
        return value

    @field_validator("kube_proxy")
    @classmethod
    def _proxy_mode(cls, value: dict[str, Any]) -> dict[str, Any]:
        modes = ("nftables", "iptables", "ipvs")
        if value.get("mode", modes[0]) not in modes:
            raise ValueError(f"kube_proxy mode is one of {', '.join(modes)}")
        return value

    @field_validator("artifacts")
    @classmethod
    def _source(cls, value: dict[str, Any]) -> dict[str, Any]:
        needs = {"upstream": None, "mirror": "url", "bundle": "path"}
        source = value.get("source")
        if not isinstance(source, str) or source not in needs:
            raise ValueError(f"source is one of {', '.join(needs)}")
        if (key := needs[source]) and not isinstance(value.get(key), str):
            raise ValueError(f'source "{source}" needs "{key}"')
        pins = {"pins"} if source != "bundle" else set()
        if extra := sorted(set(value) - {"source", key} - pins):
            raise ValueError(f'source "{source}" does not know {", ".join(extra)}')
        if value.get("pins", "locked") != "locked":
            raise ValueError('pins is "locked", which refuses what is in no lock, or is left out')
        return value
