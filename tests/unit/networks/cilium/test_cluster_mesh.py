"""A mesh of clusters: what one of them requires of itself and of the others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import one_rack
from underlay.model.addon import Rollout
from underlay.model.prerequisites import Port
from underlay.networks.cilium.mesh import Mesh

from .samples import CA, WEST, cilium

EAST: dict[str, Any] = {"cluster_id": 1, "cluster_name": "east", "mesh_clusters": [WEST], **CA}
SOUTH = {**WEST, "name": "south", "id": 3, "pod_subnets": ["10.246.0.0/16"], "node_subnets": []}


def problems(**changes: Any) -> list[str]:
    return cilium("cilium-cluster-mesh", **{**EAST, **changes}).problems(one_rack())


def others(*changed: dict[str, Any]) -> list[str]:
    return problems(mesh_clusters=[{**WEST, **change} for change in changed])


def test_a_mesh_of_two_has_no_problems() -> None:
    assert problems() == []
    assert problems(mesh_clusters=[WEST, SOUTH]) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": 1}, "network.mesh_clusters: west and east have the same ID (it is 1); give each cluster a unique ID"),
        ({"name": "east"}, "network.mesh_clusters: two clusters have the same name (it is east); give each cluster a unique name"),
        ({"pod_subnets": ["10.244.128.0/17"]},
         "network.mesh_clusters: the pod subnet 10.244.128.0/17 of west overlaps 10.244.0.0/16 of east; change one"),
        ({"routing": "geneve"},
         "network.mesh_clusters: west has the data path geneve, and this cluster vxlan; use the same"),
        ({"encryption": "wireguard"},
         "network.mesh_clusters: west has the encryption wireguard, and this cluster none; use the same"),
        ({"node_subnets": ["10.244.0.0/24"]},
         "network.mesh_clusters: the node subnet 10.244.0.0/24 of west overlaps the pod subnet 10.244.0.0/16; change one"),
        ({"id": 300}, "network.mesh_clusters: the ID of west exceeds mesh_size (it is 300); use mesh_size 511"),
    ],
)  # fmt: skip
def test_a_conflict_with_another_cluster_is_reported(change: dict[str, Any], expected: str) -> None:
    assert others(change) == [expected]


def test_a_node_address_in_a_subnet_of_another_cluster_is_reported_for_each_node() -> None:
    assert others({"node_subnets": ["192.0.2.0/30"]}) == [
        f"network.mesh_clusters: 192.0.2.0/30 of west contains 192.0.2.{n} of {name}; change one"
        for n, name in enumerate(("cp-1", "w-1", "w-2"), start=1)
    ]


def test_the_other_clusters_are_compared_with_one_another_too() -> None:
    assert problems(mesh_clusters=[WEST, {**SOUTH, "id": 2}]) == [
        "network.mesh_clusters: south and west have the same ID (it is 2); give each cluster a unique ID"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cluster_id": 0, "cluster_name": "", "mesh_clusters": [], "mesh_ca_cert": "", "mesh_ca_key": None},
         ["network.cluster_id: is missing; cilium-cluster-mesh needs the ID of this cluster in the mesh, from 1"]),
        ({"cluster_name": "default"},
         ["network.cluster_name: not a valid name in a mesh (it is 'default'); use at most 32 lower-case letters, digits and -, and not default"]),
        ({"cluster_name": "e" * 33},
         [f"network.cluster_name: not a valid name in a mesh (it is '{'e' * 33}'); use at most 32 lower-case letters, digits and -, and not default"]),
        ({"cluster_id": 256}, ["network.cluster_id: exceeds mesh_size (it is 256); use 255 or less, or mesh_size 511"]),
        ({"cluster_id": 256, "mesh_size": 511}, []),
        ({"mesh_ca_cert": "", "mesh_ca_key": None},
         ["network.mesh_ca_cert: is missing, and the clusters trust one another by a shared CA; set the same "
          "mesh_ca_cert and mesh_ca_key in all of them"]),
        ({"mesh_ca_key": None},
         ["network.mesh_ca_cert: a CA has a certificate and a key; set mesh_ca_cert and mesh_ca_key, or neither"]),
    ],
)  # fmt: skip
def test_a_conflict_of_this_cluster_is_reported(changes: dict[str, Any], expected: list[str]) -> None:
    assert problems(**changes) == expected


def test_native_routing_has_to_exempt_the_pods_of_all_clusters_from_masquerading() -> None:
    native: dict[str, Any] = {"routing": "native", "mesh_clusters": [{**WEST, "routing": "native"}]}
    assert problems(**native) == [
        "network.native_routing_subnet: does not contain 10.245.0.0/16 of west, whose packets would be masqueraded; set "
        "one that contains the pods of all clusters"
    ]
    assert problems(**native, native_routing_subnet="10.244.0.0/14") == []


@pytest.mark.parametrize("mode", ["cilium-ipip", "cilium-hybrid"])
def test_tunnels_of_the_hosts_lead_to_no_other_cluster(mode: str) -> None:
    assert cilium(mode, cluster_id=1).problems(one_rack()) == [
        f"network.cluster_id: {mode} has tunnels between the nodes of one cluster only; use another mode, such as "
        "cilium-vxlan, in every cluster"
    ]


def test_settings_of_a_mesh_are_refused_without_one() -> None:
    assert cilium("cilium-vxlan", cluster_name="east", **CA).problems(one_rack()) == [
        f"network.{name}: applies to a mesh, of which this cluster is no member; set cluster_id"
        for name in ("cluster_name", "mesh_ca_cert", "mesh_ca_key")
    ]


def test_the_chart_and_the_firewall_have_the_mesh() -> None:
    made = cilium("cilium-cluster-mesh", **EAST)
    addon = made.addon(one_rack())
    assert addon.release is not None
    values = addon.release.values
    assert values["cluster"] == {"name": "east", "id": 1}
    assert values["clustermesh"]["config"] == {
        "enabled": True,
        "clusters": [{"name": "west", "ips": ["198.51.100.1"], "port": 32379}],
    }
    assert Rollout("Deployment", "kube-system", "clustermesh-apiserver") in addon.rollouts
    theirs = ("198.51.100.0/24",)
    assert [p for p in made.prerequisites(one_rack()).ports if p.protocol != "icmp"] == [
        Port("udp", 8472, "Cilium VXLAN", also_from=theirs),
        Port("tcp", 4240, "Cilium health", also_from=theirs),
        Port("tcp", 32379, "Cilium Cluster Mesh API", also_from=theirs),
    ]


def test_the_mesh_api_is_open_to_anyone_while_the_other_clusters_are_unknown() -> None:
    made = cilium("cilium-cluster-mesh", cluster_id=1)
    assert made.prerequisites(one_rack()).ports[-1] == Port("tcp", 32379, "Cilium Cluster Mesh API", anyone=True)


def test_the_shared_ca_is_a_secret_that_the_chart_adopts() -> None:
    addon = cilium("cilium-cluster-mesh", **EAST).addon(one_rack())
    (secret,) = addon.objects
    assert (secret["kind"], secret["metadata"]["name"]) == ("Secret", "cilium-ca")
    assert secret["metadata"]["annotations"]["meta.helm.sh/release-name"] == "cilium"
    assert secret["stringData"] == {"ca.crt": CA["mesh_ca_cert"], "ca.key": CA["mesh_ca_key"]}
    assert CA["mesh_ca_key"] not in str(addon.release)
    assert issubclass(type(cilium("cilium-vxlan")), Mesh)
    assert cilium("cilium-vxlan").addon(one_rack()).objects == ()
