"""kube-proxy in ipvs mode, on a kernel that has ip_vs: Services answer, by ip_vs and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from .proxy import Proxy
from .site import GUESTS, Site
from .vm_cluster import VmCluster

pytestmark = [pytest.mark.lab]

PORT = 9000
API = "10.96.0.1"
MODE = "none"  # Services are the proxy's, whatever carries pods


@pytest.fixture(scope="module")
def proxy(site: Site) -> Iterator[Proxy]:
    proxy = Proxy(site, VmCluster.of(site, MODE, kube_proxy={"mode": "ipvs"}), GUESTS[0])
    try:
        proxy.start()
        yield proxy
    finally:
        proxy.remove()


@pytest.fixture(scope="module")
def service(site: Site, proxy: Proxy) -> Iterator[str]:
    """A Service with an endpoint on each machine, which says where it is; its address."""
    for guest in site.guests:
        server = f"socat -t 60 TCP-LISTEN:{PORT},bind={guest.address},reuseaddr,fork SYSTEM:hostname"
        site.run(guest.name, f"setsid {server} </dev/null >/dev/null 2>&1 &")
    meta = {"name": "echo", "namespace": "default", "labels": {"kubernetes.io/service-name": "echo"}}
    port = {"name": "echo", "port": PORT, "protocol": "TCP"}
    documents = [
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [port]}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": meta,
            "addressType": "IPv4",
            "ports": [port],
            "endpoints": [{"addresses": [str(g.address)], "conditions": {"ready": True}} for g in site.guests],
        },
    ]
    site.kubectl("apply", "-f", "-", document={"apiVersion": "v1", "kind": "List", "items": documents})
    yield site.kubectl("get", "service", "echo", "-o", "jsonpath={.spec.clusterIP}")
    site.kubectl("delete", "service,endpointslice", "echo", "--ignore-not-found")
    site.everywhere("pkill -x socat; true")


def test_the_api_servers_own_service_answers(proxy: Proxy) -> None:
    said = proxy.until("gitVersion", f"curl -sSk --connect-timeout 5 -m 60 https://{API}/version")
    assert '"gitVersion": "v1.' in said, proxy.log()


def test_connections_are_dealt_in_turn_to_endpoints_in_both_racks(proxy: Proxy, service: str) -> None:
    once = f"timeout 90 socat -t 60 - TCP:{service}:{PORT},connect-timeout=5 </dev/null"
    # Masquerading comes a moment after the endpoints; a connection in between goes out and never comes back.
    proxy.until(GUESTS[1], once)
    said = proxy.run(f"for i in 1 2 3 4; do {once}; done").split()
    assert Counter(said) == Counter(dict.fromkeys(GUESTS, 2))


def test_ip_vs_does_it(proxy: Proxy, service: str) -> None:
    table = proxy.run("ipvsadm -Ln")
    assert f"TCP  {service}:{PORT} rr" in table
    assert {f"{g.address}:{PORT}" for g in proxy.site.guests} <= set(table.split())
    assert f"{proxy.site.lab.node('cp-1').address}:6443" in table.split()
    assert f" {service}/32 " in proxy.run("ip -o addr show dev kube-ipvs0")
    assert "KUBE-SVC" not in proxy.run("nft list ruleset")


def test_a_reset_leaves_the_machine_as_it_was(proxy: Proxy) -> None:
    proxy.remove()
    left = proxy.left()
    assert not left, "\n".join(left)
