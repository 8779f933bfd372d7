"""Cluster Mesh, as one of its clusters is configured: pods and Services of all clusters reach one another."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from underlay.model.addon import Object, Rollout
from underlay.model.cluster import Cluster
from underlay.model.prerequisites import Port
from underlay.model.values import merged

from .agent import NAMESPACE, Agent

PORT = 32379
APISERVER = "clustermesh-apiserver"
# The agent's rule (v1.20.2, pkg/clustermesh/types): lower case, digits and -, at most 32.
NAME = r"[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?"
_RELEASE = {"meta.helm.sh/release-name": "cilium", "meta.helm.sh/release-namespace": NAMESPACE}


class RemoteCluster(BaseModel):
    """Another cluster of the mesh, with the values of its own inventory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=f"^{NAME}$", description="its cluster_name")
    id: int = Field(ge=1, le=511, description="its cluster_id")
    addresses: tuple[IPv4Address | IPv6Address, ...] = Field(
        min_length=1, description="addresses of its mesh API, usually those of some of its nodes"
    )
    port: int = Field(PORT, gt=0, lt=2**16, description="TCP port of its mesh API")
    pod_subnets: tuple[IPv4Network | IPv6Network, ...] = Field(min_length=1, description="its pod subnets")
    node_subnets: tuple[IPv4Network | IPv6Network, ...] = Field((), description="subnets of its nodes")
    routing: Literal["vxlan", "geneve", "native"] = Field(description="its data path")
    encryption: Literal["none", "wireguard", "ipsec"] = Field("none", description="its encryption")


class Mesh(Agent):
    """Membership in a mesh; a cluster is a member if it has an ID."""

    needs_mesh: ClassVar[bool] = False

    cluster_id: int = Field(0, ge=0, le=511, description="this cluster's ID in the mesh, from 1; 0 for no mesh")
    cluster_name: str = Field("", description="its name in the mesh; by default the cluster's name")
    mesh_clusters: tuple[RemoteCluster, ...] = Field((), description="the other clusters of the mesh")
    mesh_size: Literal[255, 511] = Field(
        255, description="maximum number of clusters in the mesh, the same in all clusters"
    )
    mesh_ca_cert: str = Field("", description="certificate of the CA that all clusters share, in PEM")
    mesh_ca_key: SecretStr | None = Field(None, description="its private key, in PEM; secret")
    native_routing_subnet: IPv4Network | None = Field(
        None, description="destinations that native routing does not masquerade; by default pod_subnet"
    )

    @property
    def meshed(self) -> bool:
        """Whether this cluster is a member of a mesh."""
        return self.cluster_id > 0

    def mesh_name(self, cluster: Cluster) -> str:
        """This cluster's name in the mesh."""
        return self.cluster_name or cluster.name

    def native_subnets(self, cluster: Cluster) -> tuple[str, ...]:
        """Destinations that native routing does not masquerade, one for each IP version."""
        first = str(self.native_routing_subnet or cluster.pod_subnet)
        return (first, *(str(s) for s in cluster.pod_subnets[1:]))

    def chart_values(self, cluster: Cluster) -> dict[str, Any]:
        below = super().chart_values(cluster)
        if not self.meshed:
            return below
        clusters = [{"name": c.name, "ips": [str(a) for a in c.addresses], "port": c.port} for c in self.mesh_clusters]
        mesh: dict[str, Any] = {
            "useAPIServer": True,
            "maxConnectedClusters": self.mesh_size,
            "apiserver": {"service": {"type": "NodePort", "nodePort": PORT}},
            "config": {"enabled": bool(clusters), "clusters": clusters},
        }
        identity = {"name": self.mesh_name(cluster), "id": self.cluster_id}
        return merged(below, {"cluster": identity, "clustermesh": mesh})

    def mesh_objects(self) -> tuple[Object, ...]:
        """The CA, applied before the chart, which would otherwise generate one; the labels let the chart adopt it."""
        if not self.meshed or self.mesh_ca_key is None:
            return ()
        labels = {"app.kubernetes.io/managed-by": "Helm"}
        return (
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": "cilium-ca",
                    "namespace": NAMESPACE,
                    "labels": labels,
                    "annotations": dict(_RELEASE),
                },
                "stringData": {"ca.crt": self.mesh_ca_cert, "ca.key": self.mesh_ca_key.get_secret_value()},
            },
        )

    def ports(self, cluster: Cluster) -> tuple[Port, ...]:
        if not self.meshed:
            return super().ports(cluster)
        theirs = tuple(str(subnet) for c in self.mesh_clusters for subnet in c.node_subnets)
        data = (replace(port, also_from=theirs) for port in super().ports(cluster))
        return (*data, Port("tcp", PORT, "Cilium Cluster Mesh API", anyone=not theirs, also_from=theirs))

    def mesh_rollouts(self) -> tuple[Rollout, ...]:
        """The workload that serves the mesh API, to be waited for."""
        return (Rollout("Deployment", NAMESPACE, APISERVER),) if self.meshed else ()

    def status(self, cluster: Cluster) -> dict[str, Any]:
        clusters = sorted(c.name for c in self.mesh_clusters) if self.meshed else []
        return super().status(cluster) | ({"clusters": clusters} if clusters else {})
