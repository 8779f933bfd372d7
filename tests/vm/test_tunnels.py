"""Static routes through IPIP tunnels that we lay: two pods on plain bridges talk across routers that know no pods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from underlay.networks.pod_subnet import CONFLIST, agent
from underlay.networks.pod_subnet import UNIT as AGENT
from underlay.plan.host_questions import read_pod_subnets
from underlay.resources.resource import Resource
from underlay.routing.resources import learned
from underlay.routing.static import TUNNEL, UNIT

from . import pod, state
from .capture import Capture
from .installed_mode import KUBECONFIG, InstalledMode
from .site import GUESTS, Site
from .vm_cluster import VmCluster

pytestmark = [pytest.mark.lab]

MODE = "routed"
POD_SUBNET = "10.244.0.0/16"
TEXT = "in the clear over tunnels"
# A node asks for its own pod subnet by the kubelet's credentials; here is no kubelet.
ASKS = {"name": "asks", "namespace": "kube-system"}
ACCOUNT = [
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": ASKS},
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": ASKS["name"]},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", **ASKS}],
    },
]


@dataclass
class Tunnelled(InstalledMode):
    """No plugin: the host's plan, the agent that gives a node its subnet, and the routes that follow from them."""

    configurations: dict[str, dict[str, Any]] = field(default_factory=dict)

    def install(self) -> None:
        self.prepare()
        self.site.kubectl("apply", "-f", "-", document={"apiVersion": "v1", "kind": "List", "items": ACCOUNT})
        kubeconfig = self.site.kubeconfig(ASKS["name"], namespace=ASKS["namespace"])
        self._each(lambda name: self.site.write(name, KUBECONFIG, kubeconfig))
        # A runtime's package makes it; here is none.
        self.site.everywhere(f"mkdir -p {Path(CONFLIST).parent}")
        self._each(lambda name: self.apply(name, *agent(name), *self.routes(name, self.subnets())))
        self.pods = dict(zip(GUESTS, self._each(self._add), strict=True))

    def remove(self) -> None:
        for name, configuration in self.configurations.items():
            pod.delete(partial(self.site.run, name), configuration)
        self.configurations = {}
        super().remove()

    def subnets(self) -> dict[str, frozenset[str]]:
        shown = "jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDRs[*]}{'\\n'}{end}"
        return read_pod_subnets(self.site.kubectl("get", "nodes", "-o", shown))

    def routes(self, name: str, subnets: dict[str, frozenset[str]]) -> tuple[Resource, ...]:
        node = self.vm_cluster.cluster.node(name)
        return learned(self.vm_cluster.cluster, self.vm_cluster.network, node, subnets)

    def apply(self, name: str, *resources: Resource) -> None:
        state.apply(self.site, name, self.vm_cluster, resources)

    def _add(self, name: str) -> str:
        # kubectl takes seconds to start where every instruction is emulated.
        waited = f"for i in $(seq 120); do [ -s {CONFLIST} ] && exec cat {CONFLIST}; sleep 1; done"
        messages = (
            f"systemctl status {AGENT} >&2; kubectl --kubeconfig={KUBECONFIG} get node {name} -o name >&2; exit 1"
        )
        self.configurations[name] = json.loads(self.site.run(name, f"{waited}; {messages}"))
        return pod.add(partial(self.site.run, name), self.configurations[name])


@pytest.fixture(scope="module")
def installed(site: Site) -> Iterator[Tunnelled]:
    vm_cluster = VmCluster.of(site, MODE, network={"mode": MODE, "tunnels": True}, routes="static")
    made = Tunnelled(site, vm_cluster)
    try:
        made.install()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def talk(installed: Tunnelled) -> tuple[Capture, dict[str, dict[str, str]]]:
    return installed.talk(TEXT)


def test_the_tunnel_has_no_address_and_leaves_room_for_its_header(installed: Tunnelled) -> None:
    for name, text in installed.site.everywhere(f"ip -json -details address show {TUNNEL}").items():
        (link,) = json.loads(text)
        info = link["linkinfo"]
        assert (link["mtu"], link["addr_info"], info["info_kind"], info["info_data"]["ttl"]) == (1480, [], "ipip", 64)
        assert info["info_data"]["local"] == str(installed.vm_cluster.cluster.node(name).address)
    filters = installed.site.everywhere(f"cat /proc/sys/net/ipv4/conf/{TUNNEL}/rp_filter")
    assert {text.strip() for text in filters.values()} == {"0"}


def test_bodies_and_the_largest_packets_pass(talk: tuple[Capture, dict[str, dict[str, str]]]) -> None:
    for answer in talk[1].values():
        assert (answer["body"], answer["mtu"], answer["largest"]) == ("ok", "1480", "passes")
        assert "essage too long" in answer["one more"]


def test_between_the_nodes_is_nothing_but_ip_in_ip(
    installed: Tunnelled, talk: tuple[Capture, dict[str, dict[str, str]]]
) -> None:
    capture, (one, other) = talk[0], installed.vm_cluster.nodes
    for a, b in ((one, other), (other, one)):
        assert capture.count(f"ip proto 4 and src host {a.address} and dst host {b.address}") > 20
    alien = f"host {one.address} and host {other.address} and not ip proto 4"
    assert capture.count(alien) == 0, capture.first(alien)
    assert capture.count(f"net {POD_SUBNET}") == 0, capture.first(f"net {POD_SUBNET}")
    assert capture.holds(TEXT)


def test_the_modes_own_checks_hold(installed: Tunnelled) -> None:
    checks = installed.vm_cluster.network.checks(installed.vm_cluster.cluster)
    said = {f"{c.name} on {c.node}": c.judge(installed.site.run(c.node, c.command)) for c in checks}
    assert said
    assert said == dict.fromkeys(said)


def test_the_unit_of_each_boot_lays_it_all_again(installed: Tunnelled) -> None:
    looked = f"ip -o link show {TUNNEL} | sed 's/^[0-9]*//'; ip route show dev {TUNNEL}; systemctl is-enabled {UNIT}"
    before = installed.site.everywhere(looked)
    installed.site.everywhere(f"ip link del {TUNNEL}; systemctl restart {UNIT}")
    assert installed.site.everywhere(looked) == before
    assert all("proto 118" in text and "enabled" in text for text in before.values())


def test_a_node_that_is_gone_leaves_no_route(installed: Tunnelled) -> None:
    (one, other), subnets = GUESTS, installed.subnets()
    installed.apply(one, *installed.routes(one, {name: own for name, own in subnets.items() if name != other}))
    assert installed.site.run(one, "ip route show proto 118") == ""
    installed.apply(one, *installed.routes(one, subnets))
    assert installed.site.run(one, "ip route show proto 118").startswith(next(iter(subnets[other])))


def test_a_reset_leaves_the_machines_as_they_were(installed: Tunnelled) -> None:
    installed.remove()
    left = [f"{name}: {line}" for name, lines in installed.left().items() for line in lines]
    assert not left, "\n".join(left)
