"""What a node's script knows of a path, and what is created in the cluster for the probes."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from tests.unit import clusters
from underlay.inventory.spec import read_spec
from underlay.verify.paths import PodPath
from underlay.verify.probe_objects import MANY, probe_objects
from underlay.verify.service_endpoints import service_probes
from underlay.verify.target import Target
from underlay.verify.traffic_results import Pod, TrafficResults
from underlay.verify.traffic_script import path_line

PODS = {
    "cp-1": Pod("cp-1", "probe-a", ("10.244.0.2", "fd00::2")),
    "w-2": Pod("w-2", "probe-b", ("10.244.2.2", "fd00::2:2")),
}


def dual() -> Target:
    spec = read_spec(clusters.hosts(), clusters.groups())
    nodes = tuple(
        replace(n, address_v6=ip_address(f"2001:db8::{i}")) for i, n in enumerate(spec.cluster.nodes, start=1)
    )
    cluster = replace(spec.cluster, nodes=nodes, pod_subnet_v6=ip_network("fd00::/56"))
    return Target(replace(spec, cluster=cluster), {})


def test_the_line_of_a_path_has_both_pods_and_nodes_and_the_filters() -> None:
    target = dual()
    fields = path_line(target, TrafficResults(pods=PODS), PodPath("cp-1", "w-2", 4)).split("|")
    assert fields[:6] == ["w-2", "probe-b", "10.244.0.2", "10.244.2.2", "192.0.2.3", "yes"]
    assert fields[6:10] == ["udp port 8472", "net 10.244.0.0/16 or net fd00::/56", "", ""]
    between = "(host 192.0.2.1 and host 192.0.2.3) or (host 2001:db8::1 and host 2001:db8::3)"
    assert fields[10:] == [between, "192.0.2.1"]


def test_a_path_of_the_second_version_has_the_second_addresses_and_is_not_timed() -> None:
    fields = path_line(dual(), TrafficResults(pods=PODS), PodPath("cp-1", "w-2", 6, secondary=True)).split("|")
    assert fields[:6] == ["w-2, IPv6", "probe-b", "fd00::2", "fd00::2:2", "2001:db8::3", ""]


def test_a_capture_of_the_second_version_filters_by_the_outer_header() -> None:
    fields = path_line(dual(), TrafficResults(pods=PODS), PodPath("cp-1", "w-2", 6, secondary=True)).split("|")
    assert (fields[6], fields[11]) == ("ip6 and (udp port 8472)", "2001:db8::1")
    # Cilium's tunnels have an IPv4 header around IPv6 too.
    target = dual()
    target.spec = replace(target.spec, network=clusters.network("cilium-vxlan"))
    fields = path_line(target, TrafficResults(pods=PODS), PodPath("cp-1", "w-2", 6, secondary=True)).split("|")
    assert (fields[6], fields[11]) == ("ip and (udp port 8472)", "192.0.2.1")


def test_a_path_on_one_node_is_not_captured() -> None:
    fields = path_line(dual(), TrafficResults(pods=PODS), PodPath("cp-1", "cp-1", 6, secondary=True)).split("|")
    assert fields[6:] == [""] * 6


def services(**more: Any) -> dict[str, Any]:
    names = ("probe", "probe-local", "probe-sticky")
    return {name: {"clusterIP": f"10.96.0.{i}", **more} for i, name in enumerate(names)}


def test_every_cluster_ip_of_a_service_is_probed() -> None:
    probes = list(service_probes(services(clusterIPs=["10.96.0.0", "fd01::1"])))
    assert [address for name, _, address in probes if name.startswith("service")] == ["10.96.0.0"] * 3 + ["fd01::1"] * 3
    assert [name for name, kind, _ in probes if kind == "name"][:2] == ["name", "name probe"]


def test_no_load_balancer_is_requested_in_a_cloud() -> None:
    cluster = read_spec(clusters.hosts(), clusters.groups()).cluster
    created = {o["metadata"]["name"] for o in probe_objects(cluster, "image")}
    assert "probe-balanced" in created
    paid = replace(cluster, cloud=object())  # type: ignore[arg-type]
    assert created - {o["metadata"]["name"] for o in probe_objects(paid, "image")} == {"probe-balanced"}


def test_the_records_of_the_large_response_do_not_fit_a_datagram() -> None:
    assert all(len(addresses) * 16 > 512 for addresses in MANY.values())
