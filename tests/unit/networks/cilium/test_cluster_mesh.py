"""A mesh of clusters: what each has to be, seen from one of them."""

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


def test_a_mesh_of_two_is_all_right() -> None:
    assert problems() == []
    assert problems(mesh_clusters=[WEST, SOUTH]) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": 1}, "network.mesh_clusters: west and east have the number 1 both; every cluster has its own"),
        ({"name": "east"}, "network.mesh_clusters: two clusters are called east; every cluster has its own name"),
        ({"pod_subnets": ["10.244.128.0/17"]},
         "network.mesh_clusters: pods' 10.244.128.0/17 of west overlaps 10.244.0.0/16 of east; change one"),
        ({"routing": "geneve"},
         "network.mesh_clusters: west is routed by geneve, and this cluster by vxlan; a mesh has one of them"),
        ({"encryption": "wireguard"},
         "network.mesh_clusters: west is encrypted by wireguard, and this cluster by none; a mesh has one of them"),
        ({"node_subnets": ["10.244.0.0/24"]},
         "network.mesh_clusters: the nodes' 10.244.0.0/24 of west overlaps our pods' 10.244.0.0/16; change one"),
        ({"id": 300}, "network.mesh_clusters: west has the number 300, beyond mesh_size 255; use 511"),
    ],
)  # fmt: skip
def test_what_another_cluster_cannot_be_is_told(change: dict[str, Any], told: str) -> None:
    assert others(change) == [told]


def test_an_address_of_ours_in_a_subnet_of_theirs_is_told_for_each_node() -> None:
    assert others({"node_subnets": ["192.0.2.0/30"]}) == [
        f"network.mesh_clusters: 192.0.2.0/30 of west holds the address of {name} (192.0.2.{n}); change one"
        for n, name in enumerate(("cp-1", "w-1", "w-2"), start=1)
    ]


def test_the_others_are_held_against_one_another_too() -> None:
    assert problems(mesh_clusters=[WEST, {**SOUTH, "id": 2}]) == [
        "network.mesh_clusters: south and west have the number 2 both; every cluster has its own"
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cluster_id": 0, "cluster_name": "", "mesh_clusters": [], "mesh_ca_cert": "", "mesh_ca_key": None},
         ["network.cluster_id: is missing; cilium-cluster-mesh needs the number of this cluster in the mesh, from 1"]),
        ({"cluster_name": "default"},
         ["network.cluster_name: 'default' is no name for a mesh (at most 32 lower-case letters, digits and -, and not default); set one"]),
        ({"cluster_name": "e" * 33},
         [f"network.cluster_name: '{'e' * 33}' is no name for a mesh (at most 32 lower-case letters, digits and -, and not default); set one"]),
        ({"cluster_id": 256}, ["network.cluster_id: 256 is beyond mesh_size 255; lower it, or use 511"]),
        ({"cluster_id": 256, "mesh_size": 511}, []),
        ({"mesh_ca_cert": "", "mesh_ca_key": None},
         ["network.mesh_ca_cert: is missing; clusters trust one another by a CA they share, so give all of them the same "
          "mesh_ca_cert and mesh_ca_key"]),
        ({"mesh_ca_key": None},
         ["network.mesh_ca_cert: a CA is a certificate and a key; set mesh_ca_cert and mesh_ca_key, or neither"]),
    ],
)  # fmt: skip
def test_what_this_cluster_cannot_be_is_told(changes: dict[str, Any], told: list[str]) -> None:
    assert problems(**changes) == told


def test_plain_routing_has_to_leave_the_pods_of_all_clusters_untranslated() -> None:
    native: dict[str, Any] = {"routing": "native", "mesh_clusters": [{**WEST, "routing": "native"}]}
    assert problems(**native) == [
        "network.native_routing_subnet: does not hold 10.245.0.0/16 of west, whose packets would be translated; set one "
        "that holds the pods of all clusters"
    ]
    assert problems(**native, native_routing_subnet="10.244.0.0/14") == []


@pytest.mark.parametrize("mode", ["cilium-ipip", "cilium-hybrid"])
def test_tunnels_of_the_hosts_lead_to_no_other_cluster(mode: str) -> None:
    assert cilium(mode, cluster_id=1).problems(one_rack()) == [
        f"network.cluster_id: {mode} lays tunnels between the nodes of one cluster, and none to others; use a mode "
        "without, such as cilium-vxlan, in every cluster"
    ]


def test_what_is_for_a_mesh_is_refused_without_one() -> None:
    assert cilium("cilium-vxlan", cluster_name="east", **CA).problems(one_rack()) == [
        f"network.{name}: is for a mesh, where this cluster has no number; set cluster_id"
        for name in ("cluster_name", "mesh_ca_cert", "mesh_ca_key")
    ]


def test_the_chart_and_the_hosts_are_told_of_the_mesh() -> None:
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


def test_the_mesh_api_is_for_anyone_while_nobody_says_where_the_others_are() -> None:
    made = cilium("cilium-cluster-mesh", cluster_id=1)
    assert made.prerequisites(one_rack()).ports[-1] == Port("tcp", 32379, "Cilium Cluster Mesh API", anyone=True)


def test_the_shared_ca_is_a_secret_that_the_chart_takes_over() -> None:
    addon = cilium("cilium-cluster-mesh", **EAST).addon(one_rack())
    (secret,) = addon.objects
    assert (secret["kind"], secret["metadata"]["name"]) == ("Secret", "cilium-ca")
    assert secret["metadata"]["annotations"]["meta.helm.sh/release-name"] == "cilium"
    assert secret["stringData"] == {"ca.crt": CA["mesh_ca_cert"], "ca.key": CA["mesh_ca_key"]}
    assert CA["mesh_ca_key"] not in str(addon.release)
    assert issubclass(type(cilium("cilium-vxlan")), Mesh)
    assert cilium("cilium-vxlan").addon(one_rack()).objects == ()
