"""What all Weave modes share: the objects, what hosts need, how an agent's report is read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from underlay.model.addon import Addon, Rollout
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.cluster_policy import NOBODY, ClusterPolicySupport
from underlay.model.footprint import LinkKind, Traces
from underlay.model.prerequisites import Port, Prerequisites
from underlay.model.traits import Reach, Status, Traits
from underlay.networks.network import Network
from underlay.networks.unmanaged import unmanaged
from underlay.resources.kernel_module import KernelModule
from underlay.resources.sysctl import Sysctl

from . import checks
from .objects import NAME, NAMESPACE, objects

# The fork rajch/weave, since Weaveworks no longer exists. Its last commit is of December 2024.
VERSION = "2.9.0"
_CLUSTER_POLICY = ClusterPolicySupport(
    enforced=False,
    by="",
    source="its manifest: weave-npc reads networking.k8s.io/networkpolicies alone; network-policy-api does not list it",
)
# The newest Kubernetes that the fork mentions.
KUBERNETES_KNOWN = (1, 29)
# The default maximum of connections of an agent (launch.sh): with more nodes, it would not reach all.
CONNECTIONS = 200
PASSWORD_MIN = 16
PORT = 6783
"""Control over TCP and sleeve over UDP; fast datapath uses the next port."""

_LINK_KINDS = (
    LinkKind("weave", ("bridge", "openvswitch"), shared=True),
    LinkKind("datapath", ("openvswitch",)),
    LinkKind("vxlan-6784", ("vxlan",)),
    LinkKind("vethwe-*", ("veth",)),
)


class Weave(Network):
    """Shared base: one DaemonSet of agents that discover one another and assign addresses of the whole pod subnet."""

    retired_modes: ClassVar[Mapping[str, str]] = {
        "weave": "a mode is a plugin and a data path; use weave-fast-datapath",
        "weave-net": "a mode is a plugin and a data path; use weave-fast-datapath",
        "weave-fastdp": "its name is weave-fast-datapath",
        "weave-awsvpc": "routes of a VPC bypass Weave's policies and encryption; use weave-fast-datapath",
    }
    retired_settings: ClassVar[Mapping[str, str]] = {
        "mtu": "it is derived from path_mtu and the mode's overhead",
        "ipalloc_range": "it is the cluster's pod_subnet",
        "conn_limit": "it is derived from the number of nodes",
    }
    path: ClassVar[Literal["fastdp", "sleeve"]]
    """The data path that every connection has to use, as the agent reports it."""

    accept_untested_kubernetes: bool = Field(
        False, description="deploy on a version of Kubernetes, or with a kube-proxy mode, that Weave is not tested with"
    )
    network_policy: bool = Field(True, description="enforce NetworkPolicy with weave-npc")
    iptables_backend: Literal["nft", "legacy"] = Field(
        "nft", description="the iptables backend that the agents write to; has to be the one that the hosts use"
    )
    password: SecretStr | None = Field(
        None, description="encrypts traffic between nodes; 16 characters or more; secret"
    )

    @field_validator("password")
    @classmethod
    def _strong(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < PASSWORD_MIN:
            raise ValueError(
                f"a password has {PASSWORD_MIN} characters or more; generate one with `openssl rand -hex 16`"
            )
        return value

    @classmethod
    def example(cls) -> dict[str, Any]:
        return {"accept_untested_kubernetes": True}

    @property
    def traits(self) -> Traits:
        return Traits(
            status=Status.LEGACY,
            version=VERSION,
            reach=Reach.ANYWHERE,
            policy="weave-npc" if self.network_policy else "",
            cluster_policy=_CLUSTER_POLICY if self.network_policy else NOBODY,
            encryption=self.encryption if self.password else "",
            warning="legacy: a fork of 2024, untested with Kubernetes after 1.29 and kube-proxy in nftables mode",
        )

    @property
    @abstractmethod
    def encryption(self) -> str:
        """The encryption that a password switches on."""

    def problems(self, cluster: Cluster) -> list[str]:
        return [
            *self._untested(cluster),
            *self._ipv6(cluster),
            *self._kube_proxy(cluster),
        ]

    def _untested(self, cluster: Cluster) -> list[str]:
        minor = tuple(int(part) for part in cluster.kubernetes_version.removeprefix("v").split(".")[:2])
        if self.accept_untested_kubernetes or minor <= KUBERNETES_KNOWN:
            return []
        known = ".".join(map(str, KUBERNETES_KNOWN))
        return [
            f"network.accept_untested_kubernetes: Weave {VERSION} is not known to work with Kubernetes after {known} "
            f"(it is {cluster.kubernetes_version}); choose a mode of another plugin, or set it to True to try"
        ]

    def _ipv6(self, cluster: Cluster) -> list[str]:
        subnet = next((s for s in cluster.pod_subnets if s.version == 6), None)
        if subnet is None:
            return []
        return [
            f"network.mode: {self.mode} carries IPv4 only (a pod subnet is {subnet}); "
            "remove the IPv6 subnets, or choose a mode of another plugin"
        ]

    def _kube_proxy(self, cluster: Cluster) -> list[str]:
        found = []
        cluster_cidr = cluster.kube_proxy.get("clusterCIDR", str(cluster.pod_subnet))
        if cluster_cidr != str(cluster.pod_subnet):
            found.append(
                f"kube_proxy.clusterCIDR: differs from pod_subnet, which Weave assigns addresses of (it is "
                f"{cluster_cidr}); remove it"
            )
        if any(
            isinstance(part, Mapping) and part.get("masqueradeAll")
            for part in (cluster.kube_proxy.get("iptables"), cluster.kube_proxy.get("nftables"))
        ):
            found.append("kube_proxy: masqueradeAll hides the source of requests from weave-npc; remove it")
        return found

    @abstractmethod
    def ports(self) -> tuple[Port, ...]:
        """Ports of the data path; the port of control is the same for all."""

    @abstractmethod
    def links(self) -> tuple[str, ...]:
        """The links of the data path, which every node has."""

    def modules(self) -> tuple[str, ...]:
        """Kernel modules that every node loads."""
        # The agent creates a temporary dummy link to set the bridge's MTU (net/bridge.go).
        policy = ("ip_set", "xt_set", "xt_physdev") if self.network_policy else ()
        legacy = ("iptable_filter", "iptable_nat", "iptable_mangle", "iptable_raw")
        return ("dummy", *policy, *(legacy if self.iptables_backend == "legacy" else ()))

    def gives_from_node_subnet(self, cluster: Cluster) -> bool:
        return False

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        return Prerequisites(
            resources=(
                *(KernelModule(m) for m in self.modules()),
                Sysctl("net.bridge.bridge-nf-call-iptables", "1"),
                unmanaged(*self.links()),
            ),
            ports=(Port("tcp", PORT, "Weave control"), *self.ports()),
        )

    def environment(self, cluster: Cluster) -> dict[str, str]:
        """Environment variables of the agent; a variable counts if it is set, whatever its value."""
        return {
            "INIT_CONTAINER": "true",
            "CHECKPOINT_DISABLE": "1",
            "IPALLOC_RANGE": str(cluster.pod_subnet),
            "CONN_LIMIT": str(max(CONNECTIONS, len(cluster.nodes))),
            "WEAVE_MTU": str(self.pod_mtu(cluster)),
        }

    def addon(self, cluster: Cluster) -> Addon:
        return Addon(
            objects=objects(
                version=VERSION,
                environment=self.environment(cluster),
                shared={"IPTABLES_BACKEND": self.iptables_backend, "EXPECT_NPC": "1" if self.network_policy else "0"},
                network_policy=self.network_policy,
                password=self.password.get_secret_value() if self.password else None,
            ),
            rollouts=(Rollout("DaemonSet", NAMESPACE, NAME),),
        )

    def checks(self, cluster: Cluster) -> list[Check]:
        found = []
        for node in cluster.nodes:
            connections = partial(checks.connections_problem, cluster, node, self.path, bool(self.password))
            settings = partial(checks.settings_problem, cluster, bool(self.password))
            links = partial(checks.links_problem, self.links(), self.pod_mtu(cluster))
            found += [
                Check(f"every connection is {self.path}", node.name, checks.REPORT, connections),
                Check("the agent's settings", node.name, checks.REPORT, settings),
                Check("Weave's links", node.name, checks.LINKS, links),
                Check("the route to all pods", node.name, checks.ROUTES, partial(checks.route_problem, cluster)),
            ]
        return found

    def traces(self) -> Traces:
        return Traces(
            links=checks.ALL_LINKS,
            link_kinds=_LINK_KINDS,
            chains=("WEAVE", "WEAVE-"),
            # NoMasqLocalIpset of net/bridge.go, and weave-npc's.
            address_sets=("weaver-no-masq-local", "weave-*"),
            files=(
                "/etc/cni/net.d/10-weave.conflist",
                "/opt/cni/bin/weave-net",
                "/opt/cni/bin/weave-ipam",
                f"/opt/cni/bin/weave-plugin-{VERSION}",
                "/var/lib/weave",
            ),
            xfrm=self.password is not None and self.path == "fastdp",
        )
