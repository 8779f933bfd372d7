"""What of another mode's is found on a node, and what is no business of this check."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.unit import clusters
from tests.unit.linked import linked
from underlay.checks.leftovers import found, leftover_checks
from underlay.inventory.spec import read_spec
from underlay.model.cluster import Cluster
from underlay.model.footprint import Traces
from underlay.model.routes import Routes
from underlay.networks.pod_subnet import PROTOCOL
from underlay.networks.registry import modes

OWN = Traces(
    links=("bridge0", "own.1"),
    nft_tables=("ip shared", "ip own"),
    chains=("OWN-",),
    files=("/etc/cni/net.d/10-own.conflist",),
    route_protocols=("bgp",),
)
OTHER = Traces(
    links=("bridge0", "over*", "tunl0"),
    nft_tables=("ip shared", "ip over"),
    chains=("OVER-",),
    files=("/etc/cni/net.d/05-over.conflist",),
    route_protocols=("80", "bird"),
)


def cluster() -> Cluster:
    return read_spec(clusters.hosts(), clusters.groups()).cluster


def output(
    *more: str,
    links: tuple[str, ...] = ("eth0", "bridge0", "own.1"),
    protocol: str = "kernel",
    flags: tuple[str, ...] = (),
) -> str:
    names = json.dumps([{"ifname": name, "flags": flags} for name in links])
    routes = json.dumps([{"dst": "10.244.3.0/24", "protocol": protocol}, {"dst": "default", "protocol": "80"}])
    healthy = ("nft ip own", "nft ip shared", "nft inet filter", "chain OWN-POST", "chain INPUT")
    return "\n".join((names, routes, "[]", *healthy, "file /etc/cni/net.d/10-own.conflist", *more)) + "\n"


def test_a_healthy_node_has_no_traces_of_other_modes() -> None:
    assert found(cluster(), OWN, {"over-lay": OTHER}, output()) is None


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (output(links=("bridge0", "over.7")), "link over.7 (of over-lay)"),
        (output(links=("tunl0",), flags=("UP",)), "link tunl0 (of over-lay)"),
        (output(links=("tunl0",)), None),
        (output("nft ip over"), "nftables table ip over (of over-lay)"),
        (output("chain OVER-IN"), "chain OVER-IN (of over-lay)"),
        (output("file /etc/cni/net.d/05-over.conflist"), "/etc/cni/net.d/05-over.conflist (of over-lay)"),
        (output(protocol="80"), "routes to pods by protocol 80 (of over-lay)"),
        (output(protocol="bird"), None),
        (
            output("file /etc/cni/net.d/00-site.conf"),
            "containerd uses /etc/cni/net.d/00-site.conf, which is not this mode's",
        ),
        (output("file /etc/cni/net.d/20-site.conf"), None),
        (output("file /etc/cni/net.d/README"), None),
    ],
)
def test_each_kind_of_trace_is_reported(listed: str, expected: str | None) -> None:
    assert found(cluster(), OWN, {"over-lay": OTHER}, listed) == expected


LXC = linked("lxcbr0", "bridge", "10.0.3.1/24")
SITES_OWN = [
    LXC,
    linked("cni0", "bridge", "10.85.0.1/16"),
    linked("tunl0", "ipip", "192.0.2.9/32"),
    linked("cali0", "vlan"),
]


def judged(mode: str, *links: dict[str, object], routes: str = "[]", accepted: tuple[str, ...] = ()) -> str | None:
    (check, *_) = leftover_checks(cluster(), clusters.network(mode), accepted=accepted)
    return check.judge("\n".join((json.dumps(links), routes, "[]")))


@pytest.mark.parametrize("mode", ["flannel-vxlan", "calico-bgp", "cilium-vxlan", "routed", "weave-sleeve"])
@pytest.mark.parametrize("link", SITES_OWN, ids=lambda link: str(link["ifname"]))
def test_a_sites_own_link_is_no_trace_of_a_mode(mode: str, link: dict[str, object]) -> None:
    assert judged(mode, link) is None


def test_links_that_are_accepted_are_left_alone_unless_pods_packets_take_them() -> None:
    left = linked("vxlan.calico", "vxlan", "10.99.1.0/32")
    route = json.dumps([{"dst": "10.244.9.0/24", "dev": "vxlan.calico", "protocol": "kernel"}])
    assert "link vxlan.calico" in (judged("flannel-vxlan", left) or "")
    assert judged("flannel-vxlan", left, accepted=("link-present",)) is None
    assert "link vxlan.calico" in (judged("flannel-vxlan", left, routes=route, accepted=("link-present",)) or "")


def test_a_chain_is_a_modes_by_its_whole_name_or_prefix() -> None:
    (check, *_) = leftover_checks(cluster(), clusters.network("flannel-vxlan"))
    assert check.judge("[]\n[]\n[]\nchain WEAVER-IN\nchain calico-of-the-site\n") is None
    assert "chain WEAVE-NPC (of weave" in (check.judge("[]\n[]\n[]\nchain WEAVE-NPC\n") or "")


def test_all_traces_are_reported_at_once_with_how_many_modes_create_them() -> None:
    listed = output("nft ip over", links=("over.1",))
    assert found(cluster(), OWN, {"a": OTHER, "b": OTHER}, listed) == (
        "link over.1 (of a and 1 more); nftables table ip over (of a and 1 more)"
    )


@pytest.mark.parametrize(("routes", "expected"), [(Routes.PLUGIN, True), (Routes.BGP, False), (Routes.STATIC, True)])
def test_the_route_that_holds_the_subnet_for_bgp_is_no_trace_of_another_mode(routes: Routes, expected: bool) -> None:
    network = next(
        m for name in sorted(modes()) if PROTOCOL not in (m := clusters.network(name)).traces().route_protocols
    )
    listed = output(protocol=PROTOCOL, links=("eth0",)).partition("nft")[0]
    (check, *_) = leftover_checks(replace(cluster(), routes=routes), network)
    assert ("by protocol" in (check.judge(listed) or "")) == expected


@pytest.mark.parametrize("mode", clusters.MODES)
def test_no_mode_mistakes_its_own_traces_for_those_of_another(mode: str) -> None:
    network = modes()[mode](**modes()[mode].example())
    own = network.traces()
    lines = [*(f"nft {t}" for t in own.nft_tables), *(f"chain {c}X" for c in own.chains)]
    lines += [f"file {f}" for f in own.files if f.startswith("/etc/cni")]
    links = json.dumps([{"ifname": name.replace("*", "x"), "flags": ["UP"]} for name in own.links])
    checks = leftover_checks(cluster(), network)
    assert [c.judge("\n".join((links, "[]", "[]", *lines))) for c in checks[:1]] == [None] * bool(checks)
