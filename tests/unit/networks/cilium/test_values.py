"""Values of the chart: only known keys in every combination, and those that define each mode."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import cluster, dual_stack, one_rack, with_bgp
from underlay.model.cluster import Cluster
from underlay.model.routes import Routes
from underlay.networks.known_keys import of_chart, of_kinds

from .samples import KEY, MODES, cilium, combinations, without

CHART = of_chart("cilium-1.20.0.tsv")
KINDS = of_kinds("cilium-1.20.2-crds.tsv")
CLUSTERS = {
    "small": one_rack(),
    "racks": cluster(bgp=with_bgp(password="topsecret")),  # noqa: S106
    "dual stack": dual_stack(),
    "replaced": one_rack(control_plane_endpoint="api.example.net:8443"),
}


def values(mode: str, on: Cluster | None = None, **settings: Any) -> dict[str, Any]:
    release = cilium(mode, **settings).addon(on or one_rack()).release
    assert release is not None
    return release.values


@pytest.mark.parametrize("name", CLUSTERS)
@pytest.mark.parametrize("mode", MODES)
def test_every_key_is_known_in_every_combination(mode: str, name: str) -> None:
    for settings in combinations():
        addon = cilium(mode, **without(mode, settings)).addon(CLUSTERS[name])
        assert addon.release is not None
        assert list(CHART.problems(addon.release.values, where="values")) == []
        for item in addon.after:
            known = KINDS[item["apiVersion"], item["kind"]]
            assert list(known.problems({"spec": item["spec"]}, where=item["kind"])) == []


@pytest.mark.parametrize("mode", MODES)
def test_many_combinations_are_accepted(mode: str) -> None:
    tried = [cilium(mode, **without(mode, settings)) for settings in combinations()]
    served = [made for made in tried if not made.problems(one_rack())]
    assert len(served) >= 4


def test_direct_routing_installs_its_own_routes() -> None:
    made = values("cilium-direct-routing")
    assert (made["routingMode"], made["autoDirectNodeRoutes"]) == ("native", True)
    assert made["ipv4NativeRoutingCIDR"] == "10.244.0.0/16"
    assert not {"tunnelProtocol", "directRoutingSkipUnreachable", "ipv6NativeRoutingCIDR"} & set(made)


def test_direct_routing_leaves_routes_to_bgp_if_configured() -> None:
    made = values("cilium-direct-routing", one_rack(routes=Routes.BGP))
    assert made["autoDirectNodeRoutes"] is False


@pytest.mark.parametrize(
    ("mode", "protocol", "port"), [("cilium-vxlan", "vxlan", 8472), ("cilium-geneve", "geneve", 6081)]
)
def test_an_overlay_has_its_protocol_and_port(mode: str, protocol: str, port: int) -> None:
    made = values(mode)
    assert (made["routingMode"], made["tunnelProtocol"], made["tunnelPort"]) == ("tunnel", protocol, port)
    assert values(mode, tunnel_port=9999)["tunnelPort"] == 9999


def test_the_mtu_allows_for_the_hosts_tunnels_and_ebpf_does_not_bypass_them() -> None:
    made = values("cilium-ipip")
    assert (made["routingMode"], made["autoDirectNodeRoutes"], made["MTU"]) == ("native", False, 1480)
    assert made["bpf"]["hostLegacyRouting"] is True


def test_hybrid_installs_routes_within_the_rack_and_skips_the_others() -> None:
    made = values("cilium-hybrid")
    assert (made["routingMode"], made["autoDirectNodeRoutes"], made["MTU"]) == ("native", True, 1480)
    assert made["directRoutingSkipUnreachable"] is True


def test_the_replacement_of_kube_proxy_gets_the_endpoint_of_the_api() -> None:
    made = values("cilium-vxlan", CLUSTERS["replaced"], kube_proxy_replacement=True)
    assert made["kubeProxyReplacement"] is True
    assert (made["k8sServiceHost"], made["k8sServicePort"]) == ("api.example.net", 8443)
    assert made["socketLB"] == {"enabled": True}
    assert not {"k8sServiceHost", "k8sServicePort"} & set(values("cilium-vxlan"))


@pytest.mark.parametrize("replaced", [False, True])
def test_socket_lb_is_on_with_and_without_kube_proxy(replaced: bool) -> None:
    made = cilium("cilium-socket-lb", kube_proxy_replacement=replaced)
    assert made.problems(one_rack()) == []
    assert made.replaces_kube_proxy is replaced
    assert values("cilium-socket-lb", kube_proxy_replacement=replaced)["socketLB"] == {"enabled": True}


def test_pods_have_addresses_of_the_clusters_pod_subnet_in_its_families() -> None:
    assert [values(m)["ipam"] for m in MODES] == [{"mode": "kubernetes"}] * len(MODES)
    both = values("cilium-vxlan", dual_stack())
    assert (both["ipv4"], both["ipv6"]) == ({"enabled": True}, {"enabled": True})
    assert values("cilium-direct-routing", dual_stack())["ipv6NativeRoutingCIDR"] == "fd00:10:244::/56"


def test_a_cluster_of_one_node_has_one_operator() -> None:
    alone = one_rack(nodes=one_rack().nodes[:1])
    assert [values("cilium-vxlan", c)["operator"]["replicas"] for c in (alone, one_rack())] == [1, 2]


def test_encryption_is_configured_in_the_chart() -> None:
    assert values("cilium-wireguard", node_encryption=True)["encryption"] == {
        "enabled": True,
        "type": "wireguard",
        "nodeEncryption": True,
    }
    assert values("cilium-ipsec")["encryption"] == {
        "enabled": True,
        "type": "ipsec",
        "nodeEncryption": False,
        "ipsec": {"secretName": "cilium-ipsec-keys"},
    }


@pytest.mark.parametrize(("routing", "looks_up"), [("vxlan", True), ("native", False)])
def test_strict_encryption_looks_up_remote_nodes_where_there_is_a_tunnel(routing: str, looks_up: bool) -> None:
    made = values("cilium-wireguard", routing=routing, strict_encryption=True)["encryption"]["strictMode"]
    egress = {"enabled": True, "cidr": "10.244.0.0/16", "allowRemoteNodeIdentities": looks_up}
    assert made == {"egress": egress, "ingress": {"enabled": True}}


def test_the_key_is_in_a_secret_and_nowhere_else() -> None:
    addon = cilium("cilium-ipsec", ipsec_key=KEY, ipsec_key_id=7).addon(one_rack())
    assert [o["stringData"] for o in addon.objects] == [{"keys": f"7+ rfc4106(gcm(aes)) {KEY} 128"}]
    assert addon.release is not None
    assert KEY not in str(addon.release.values)
    assert KEY not in str(cilium("cilium-ipsec", ipsec_key=KEY))


def test_values_of_the_inventory_are_merged_over_the_modes() -> None:
    made = values("cilium-vxlan", values={"operator": {"replicas": 3}, "debug": {"enabled": True}})
    assert made["operator"] == {"replicas": 3}
    assert made["debug"] == {"enabled": True}
    assert made["routingMode"] == "tunnel"


@pytest.mark.parametrize(("version", "chart"), [("1.20", "1.20.2"), ("1.19", "1.19.5"), ("1.20.5", "1.20.5")])
def test_a_version_is_a_chart(version: str, chart: str) -> None:
    made = cilium("cilium-vxlan", version=version)
    release = made.addon(one_rack()).release
    assert release is not None
    assert (release.chart.version, made.traits.version) == (chart, chart)
    assert release.chart.repository == "https://helm.cilium.io"


def test_envoy_is_waited_for_if_it_is_a_separate_workload() -> None:
    def waited(**settings: Any) -> list[str]:
        return [r.name for r in cilium("cilium-vxlan", **settings).addon(one_rack()).rollouts]

    assert waited() == ["cilium-operator", "cilium", "cilium-envoy"]
    assert waited(values={"envoy": {"enabled": False}}) == ["cilium-operator", "cilium"]


# Path MTU, settings, largest packet of a pod.
@pytest.mark.parametrize(
    ("mode", "settings", "mtu", "largest"),
    [
        ("cilium-direct-routing", {}, 9001, 9001),
        ("cilium-vxlan", {}, 1500, 1450),
        ("cilium-vxlan", {}, 9001, 8951),
        ("cilium-vxlan", {}, 1460, 1410),
        ("cilium-geneve", {}, 1500, 1450),
        ("cilium-ipip", {}, 1500, 1480),
        ("cilium-ipip", {}, 9001, 8981),
        ("cilium-hybrid", {}, 1500, 1480),
        ("cilium-bgp", {}, 1500, 1500),
        ("cilium-ipsec", {"routing": "native"}, 1500, 1423),
        ("cilium-ipsec", {}, 1500, 1373),
        ("cilium-ipsec", {}, 9001, 8874),
        ("cilium-wireguard", {"routing": "native"}, 1500, 1405),
        ("cilium-wireguard", {}, 1500, 1355),
        ("cilium-wireguard", {"version": "1.19", "routing": "native"}, 1500, 1420),
        ("cilium-wireguard", {"version": "1.19"}, 1500, 1370),
        ("cilium-egress-gateway", {"routing": "native"}, 1500, 1450),
        ("cilium-egress-gateway", {"routing": "native", "encryption": "wireguard"}, 1500, 1355),
    ],
)
def test_the_largest_packet_of_a_pod(mode: str, settings: dict[str, Any], mtu: int, largest: int) -> None:
    on = one_rack(path_mtu=mtu)
    made = cilium(mode, **settings)
    assert made.pod_mtu(on) == largest
    # Cilium starts from the path MTU less headers that it does not know about, and gives pods' links that MTU.
    assert values(mode, on, **settings)["MTU"] == made.link_mtu(on) == mtu - made.path(on).reserve


def test_an_overlay_between_ipv6_addresses_costs_twenty_bytes_more() -> None:
    nodes = tuple(type(n)(n.name, n.address_v6, n.role, n.rack) for n in dual_stack().nodes if n.address_v6)
    on = one_rack(nodes=nodes)
    assert cilium("cilium-vxlan").overhead(on) == 70
    assert values("cilium-vxlan", on)["underlayProtocol"] == "ipv6"
