"""What preflight finds in what hosts live by, in their second addresses, and in the endpoint as they see it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.unit.clusters import cluster, dual_stack, high_available, network
from underlay.inventory.spec import read_spec
from underlay.preflight.host_findings import judge
from underlay.preflight.outside_findings import endpoint_nodes
from underlay.resources.answer import Answered

from .test_host_findings import QUERIED, answers, findings


@pytest.mark.parametrize("address", ["10.96.0.53", "10.244.9.9"])
@pytest.mark.parametrize(
    ("probe", "said", "what"),
    [
        ("name-servers", "/etc/resolv.conf {0};/etc/resolv.conf {0};", "the name server of /etc/resolv.conf"),
        ("name-servers", "/run/systemd/resolve/resolv.conf 192.0.2.53 {};/etc/resolv.conf 127.0.0.53;",
         "the name server of /run/systemd/resolve/resolv.conf"),
        ("time-servers", "ntp.example {}", "a time server"),
        ("connections", "{}:51234 sshd-session;", "the other end of a connection of sshd-session"),
        ("connections", "[::ffff:{}]:389 ;", "the other end of a connection of the host"),
        ("configured", "/etc/environment {};", "an address in /etc/environment"),
        ("names", "mirror.example ;proxy.example {} ;", "proxy.example as the host resolves it"),
        ("endpoint", "192.0.2.9 {}", "control_plane_endpoint as the host resolves it"),
        ("routes", '[{{"dst":"default","gateway":"{}","dev":"eth0"}}]', "the router of the route default"),
        ("routes", '[{{"dst":"198.51.100.0/24","nexthops":[{{"gateway":"{}"}}]}}]', "the router of the route 198.51.100"),
    ],
)  # fmt: skip
def test_what_a_host_lives_by_is_outside_the_cluster(probe: str, said: str, what: str, address: str) -> None:
    subnet = "service_subnet 10.96.0.0/16" if address.startswith("10.96.") else "pod_subnet 10.244.0.0/16"
    (line,) = findings(**{probe: said.format(address)})
    assert line.startswith(f"w-1: {subnet} contains {what}")
    assert line.endswith(f" ({address}); choose another")


def test_what_a_member_talks_to_is_inside_the_cluster() -> None:
    # An attempt of ours that has not ended: its kubelet talks to what the cluster has already.
    member = "started ordinary 192.0.2.1:6443"
    assert findings(member=member, connections="10.96.0.1:443 kubelet;10.244.1.3:8080 kubelet;") == []
    # What runs of it where it was reset in part.
    assert findings(member="member ordinary 192.0.2.1:6443", connections="10.96.0.1:443 flanneld;") == []
    # It has no DNS any more.
    assert len(findings(member=member, name_servers="/etc/resolv.conf 10.96.0.53;")) == 1


def test_the_second_family_is_looked_at_like_the_first() -> None:
    on = dual_stack()
    links = [{"ifname": "eth0", "mtu": 1500, "addr_info": [{"local": "192.0.2.2", "prefixlen": 24}]}]
    own = {"local": "2001:db8::2", "prefixlen": 64}

    def lines_of(**changed: str) -> list[str]:
        found = {name: given for name, given in answers(**changed).items() if name == "w-1"}
        return [f.line for f in judge(on, network(), found, queried=QUERIED)]

    whole = json.dumps([links[0] | {"addr_info": [*links[0]["addr_info"], own]}])
    assert lines_of(addresses=whole) == []
    assert lines_of(addresses=json.dumps(links)) == [
        "w-1: no link has the address_v6 2001:db8::2; correct the inventory's"
    ]
    taken = json.dumps([links[0] | {"addr_info": [*links[0]["addr_info"], own | {"dadfailed": True}]}])
    assert lines_of(addresses=taken) == [
        "w-1: another machine has answered for its address 2001:db8::2 (dadfailed); find that machine, and give it "
        "another address"
    ]
    assert lines_of(addresses=whole, name_servers="/etc/resolv.conf fd00:10:96::53;") == [
        "w-1: service_subnet_v6 fd00:10:96::/112 contains the name server of /etc/resolv.conf (fd00:10:96::53); choose "
        "another"
    ]
    assert lines_of(addresses=whole, ipv6="1 1")[0].startswith(
        "w-1: IPv6 is off for all links (disable_ipv6), and the "
    )
    assert lines_of(addresses=whole, ipv6="0 1")[0].startswith(
        "w-1: IPv6 is off for links that are made later, as pods'"
    )
    assert lines_of(addresses=whole, ipv6="none")[0].startswith(
        "w-1: the kernel has no IPv6 (ipv6.disable=1); boot with"
    )
    # A cluster of IPv4 alone does not care.
    assert findings(ipv6="1 1") == []


# iproute2 6.15, `ip -json route get 192.0.2.1` on a host whose first address of the subnet is another than the node's.
ROUTE = '[{"dst":"192.0.2.1","dev":"eth0","prefsrc":"192.0.2.200","flags":[],"uid":0,"cache":[]}]'


def test_the_source_address_that_the_kernel_chooses_is_the_nodes() -> None:
    remedy = "set src 192.0.2.2 on that route, or give the inventory 192.0.2.200"
    sends = "w-1: it sends to cp-1 from 192.0.2.200, not from the node's address 192.0.2.2"
    assert findings(peers=ROUTE) == [f"{sends}; {remedy}"]
    assert findings(peers=ROUTE.replace("192.0.2.200", "192.0.2.2")) == []
    (shut,) = judge(cluster(), network(), answers(peers=ROUTE), queried=QUERIED, firewalled={"cp-1"})
    assert shut.line == f"{sends}, and the firewall of cp-1 is opened for 192.0.2.2; {remedy}"
    assert (shut.code, shut.refuses) == ("source-shut", True)


def test_no_route_is_to_have_an_address_that_the_host_does_not_have() -> None:
    elsewhere = json.dumps([{"ifname": "eth0", "mtu": 1500, "addr_info": [{"local": "192.0.2.200", "prefixlen": 24}]}])
    assert findings(peers=ROUTE, addresses=elsewhere) == [
        "w-1: no link has the address 192.0.2.2; correct the inventory's address"
    ]


def endpoints(**found_by: str) -> list[str]:
    on = cluster(control_plane_endpoint="api.example.net:6443")
    found = answers()
    for name, said in found_by.items():
        found[name.replace("_", "-")]["endpoint"] = Answered(said)
    return [f.line for f in judge(on, network(), found, queried=QUERIED)]


def test_the_endpoint_is_one_machine_for_all_hosts() -> None:
    where = "api.example.net, the control_plane_endpoint, is"
    assert endpoints(cp_1="192.0.2.9", w_1="192.0.2.9 2001:db8::9", w_2="192.0.2.9") == []
    assert endpoints(cp_1="192.0.2.9", w_1="unknown", w_2="silent") == [
        "w-1: the host does not resolve api.example.net, the control_plane_endpoint; enter it in DNS, or in /etc/hosts of "
        "every host",
        "w-2: the host's name servers do not answer for api.example.net, the control_plane_endpoint; enter it in DNS, or "
        "in /etc/hosts of every host",
    ]
    assert endpoints(cp_1="192.0.2.9", w_1="192.0.2.8", w_2="192.0.2.9") == [
        f"w-1: {where} 192.0.2.8 here and 192.0.2.9 elsewhere; compare /etc/hosts and DNS"
    ]
    # Of as many that say the one as the other, the first is right.
    assert endpoints(w_2="192.0.2.8", w_1="192.0.2.9") == [
        f"w-2: {where} 192.0.2.8 here and 192.0.2.9 elsewhere; compare /etc/hosts and DNS"
    ]
    (loop,) = endpoints(cp_1="127.0.1.1", w_1="192.0.2.9", w_2="192.0.2.9")
    assert loop.startswith(f"cp-1: {where} 127.0.1.1 here, the host itself; correct its /etc/hosts")


def test_the_endpoints_name_leads_to_no_worker() -> None:
    of_worker = "api.example.net, the control_plane_endpoint, is 192.0.2.2 here, w-1's address, a worker; correct "
    found = endpoints(cp_1="192.0.2.2", w_1="192.0.2.2", w_2="192.0.2.2")
    assert [line.partition(": ")[2].startswith(of_worker) for line in found] == [True, True, True]
    assert endpoints(cp_1="192.0.2.1", w_1="192.0.2.1", w_2="192.0.2.1") == []
    # Of several it leads to, one has an API.
    assert endpoints(cp_1="192.0.2.2 192.0.2.1", w_1="192.0.2.2 192.0.2.1", w_2="192.0.2.1") == []
    # A load balancer, of which nobody knows where it leads.
    assert endpoints(cp_1="192.0.2.9 192.0.2.2", w_1="192.0.2.9", w_2="192.0.2.9") == []


def test_before_there_is_an_api_the_endpoint_leads_to_the_first_host() -> None:
    three = read_spec(*high_available(control_plane_endpoint="api.example.net:6443")).cluster
    line = "192.0.2.2"
    new, not_new = (list(endpoint_nodes(three, line, is_new=new)) for new in (True, False))
    assert [code for code, _ in new] == ["endpoint-elsewhere"]
    assert "cp-2's address, where no API answers before cp-1 has one; correct /etc/hosts" in new[0][1]
    assert not_new == []
    # On another port a load balancer may run there.
    assert not list(endpoint_nodes(replace(three, control_plane_endpoint="api.example.net:8443"), line, is_new=True))


def test_a_file_of_name_servers_that_pods_are_given_is_there() -> None:
    (line,) = findings(name_servers="/etc/pods.conf !;/etc/resolv.conf 198.51.100.53;")
    assert line == "w-1: /etc/pods.conf is missing, which pods are given; create it, or correct kubelet.resolvConf"
