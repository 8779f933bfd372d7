"""The paths that are probed, and their rows in the path matrix."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

from tests.unit import clusters
from underlay.inventory.spec import read_spec
from underlay.model.cluster import Cluster
from underlay.verify.path_matrix import matrix
from underlay.verify.paths import pairs, paths, paths_from
from underlay.verify.traffic_results import TrafficResults


def cluster() -> Cluster:
    return read_spec(clusters.hosts(), clusters.groups()).cluster


def many(count: int, racks: int) -> Cluster:
    ordinary = cluster()
    node = ordinary.nodes[-1]
    nodes = tuple(
        replace(node, name=f"n-{i}", rack=f"rack-{i % racks}", address=ip_address(f"192.0.2.{i + 1}"))
        for i in range(count)
    )
    return replace(ordinary, nodes=nodes)


def test_every_pair_is_probed_in_both_directions() -> None:
    names = ["cp-1", "w-1", "w-2"]
    assert pairs(cluster()) == [(a, b) for a in names for b in names]


def test_no_two_nodes_probe_the_same_node_first() -> None:
    assert [paths_from(cluster(), name)[1].other for name in ("cp-1", "w-1", "w-2")] == ["w-1", "w-2", "cp-1"]
    assert sorted(p for name in ("cp-1", "w-1", "w-2") for p in paths_from(cluster(), name)) == sorted(paths(cluster()))


def test_a_large_clusters_nodes_are_all_sources_and_targets_and_all_racks_meet() -> None:
    large = many(30, racks=3)
    probed = pairs(large)
    names = {n.name for n in large.nodes}
    assert {a for a, _ in probed} == {b for _, b in probed} == names
    rack = {n.name: n.rack for n in large.nodes}
    assert {(rack[a], rack[b]) for a, b in probed} == {(a, b) for a in large.racks for b in large.racks}
    assert len(probed) <= 30 * 6


def test_a_dual_stack_cluster_is_probed_by_both_ip_versions() -> None:
    dual = replace(cluster(), pod_subnet_v6=ip_network("fd00::/56"))
    probed = paths(dual)
    assert len(probed) == 18
    assert [str(p) for p in probed if p.one == "cp-1" and p.other == "w-2"] == ["cp-1 to w-2", "cp-1 to w-2, IPv6"]


def test_the_matrix_has_a_row_for_each_pair_with_the_hosts_figures() -> None:
    dual = replace(cluster(), pod_subnet_v6=ip_network("fd00::/56"))
    measured = TrafficResults(
        results={
            ("cp-1", "body w-2"): "ok",
            ("cp-1", "body w-2, IPv6"): "lost",
            ("cp-1", "udp w-2"): "not tested: why",
        },
        speeds={("cp-1", "w-2"): "0.2,0.1,0.1,0.05"},
        captures={("cp-1", "w-2"): "3 packets"},
    )
    rows = matrix(dual, measured)
    assert len(rows) == 9
    assert rows[2] == {
        "from": "cp-1",
        "to": "w-2",
        "class": "across racks",
        "checks": {"tcp": "ok", "tcp (IPv6)": "lost"},
        "latency_ms": 0.2,
        "throughput_mbit": 800,
        "host_latency_ms": 0.1,
        "host_throughput_mbit": 1600,
        "capture": "3 packets",
    }
    assert (rows[0]["class"], rows[1]["class"], rows[1]["throughput_mbit"]) == ("same node", "same rack", None)
