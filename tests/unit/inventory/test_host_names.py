"""Names and endpoints that kubeadm, the kubelet or a resolver would refuse are refused before any host is contacted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.clusters import groups, high_available, hosts
from underlay.inventory.host_names import endpoint_problem, node_name_problem

from .spec_problems import ENDPOINT, problems_of, with_all, with_host

# k8s.io/apimachinery v0.37.2, pkg/util/validation: what IsDNS1123Subdomain is made of.
DNS1123_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS1123_SUBDOMAIN = rf"{DNS1123_LABEL}(\.{DNS1123_LABEL})*"

# Real instances of clouds have such names (kubernetes#75380).
LONG = "kube-frodo-worker-01a346cae00e2fcda.inf.us-west-2.aws.example.org"


def named(name: str) -> list[str]:
    found = hosts()
    found[name] = found.pop("w-2")
    return problems_of(found, groups(workers=("w-1", name)))


def test_a_name_longer_than_the_value_of_a_label_is_refused() -> None:
    assert named(LONG) == [
        f"hosts.{LONG}: is too long for a node's name (65 characters); the kubelet takes 63 at most: rename the host, "
        "as without its domain"
    ]
    assert named(LONG.removesuffix(".org")) == []
    assert named("a" * 63) == []


@pytest.mark.parametrize(
    "name", ["a" * 64, "a." * 40 + "a", "w..1", "w-1.", "-w", "w-", "W-1", "w_1", "w 1", "ẃ-1", ""]
)
def test_no_node_has_such_a_name(name: str) -> None:
    (line,) = named(name)
    assert line.startswith(f"hosts.{name}: ")
    assert "; " in line


@given(st.from_regex(r"[-a-zA-Z0-9._]{1,70}", fullmatch=True))
def test_a_name_that_is_taken_is_one_for_kubeadm_and_the_kubelet(name: str) -> None:
    if node_name_problem(name) is None:
        assert re.fullmatch(DNS1123_SUBDOMAIN, name)
        assert len(name) <= 63


LABELS = "no host has such a name: between dots are 1 to 63 lower-case letters, digits and -"
NEITHER = "it is neither a name nor an IPv4 address, which has four numbers from 0 to 255"
ITSELF = "on every host this is the host itself; use a name or an address that leads to the API from all hosts"


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        ("API.corp.example", "kubeadm takes names in lower case alone; write api.corp.example"),
        (
            "internal-ELB-1.eu-west-1.elb.amazonaws.com:6443",
            "kubeadm takes names in lower case alone; write internal-e",
        ),
        ("api.example.org.", "kubeadm takes no name with a dot at its end; write api.example.org"),
        ("api..example.org", LABELS),
        ("api-", LABELS),
        ("api-.example.org", LABELS),
        ("api_1.example.org", LABELS),
        (f"{'a' * 64}.example.org", LABELS),
        ("a." * 127 + "aa", LABELS),
        ("999.1.1.1", NEITHER),
        ("10.77.1.256", NEITHER),
        ("10.77.1", NEITHER),
        ("10.77.1.11.", NEITHER),
        ("010.77.1.11", NEITHER),
        ("10.77.1.11.12:6443", NEITHER),
        ("0x0a4d010b", NEITHER),
        ("127.1", NEITHER),
        ("-api", ENDPOINT),
        ("api:", ENDPOINT),
        (":6443", ENDPOINT),
        ("api:0", ENDPOINT),
        ("api:065", ENDPOINT),
        ("api:65536", ENDPOINT),
        ("api:https", ENDPOINT),
        ("api/v1", ENDPOINT),
        ("joe@api", ENDPOINT),
        ("api example", ENDPOINT),
        ("äpi.example", ENDPOINT),
        ("[10.77.1.11]:6443", ENDPOINT),
        ("[fe80::1%eth0]:6443", ENDPOINT),
        ("[2001:db8::1", ENDPOINT),
        ("[api.example.org]", ENDPOINT),
        (
            "127.0.0.1",
            "no other host reaches an address that is loopback; use one that leads to the API from all hosts",
        ),
        ("127.0.1.1:6443", "no other host reaches an address that is loopback"),
        ("[::1]:6443", "no other host reaches an address that is loopback"),
        ("0.0.0.0", "no other host reaches an address that is unspecified"),  # noqa: S104
        ("0.1.2.3", "no other host reaches an address that is unspecified"),
        ("[::]", "no other host reaches an address that is unspecified"),
        ("224.0.0.18", "no other host reaches an address that is multicast"),
        ("[ff02::12]", "no other host reaches an address that is multicast"),
        ("169.254.10.1", "no other host reaches an address that is link-local"),
        ("[fe80::1]:6443", "no other host reaches an address that is link-local"),
        ("255.255.255.255", "no other host reaches an address that is reserved"),
        ("[::ffff:10.77.1.11]", "no other host reaches an address that is IPv4 in IPv6's notation"),
        ("kubernetes.default.svc", "pods alone resolve such a name"),
        ("kubernetes.default.svc.cluster.local:443", "pods alone resolve such a name"),
        ("192.0.2.1:10250", "10250 of 192.0.2.1 is the port of the kubelet; use 6443, or the port of a load balancer"),
        ("192.0.2.2:2379", "2379 of 192.0.2.2 is the port of etcd"),
        ("localhost", ITSELF),
        ("localhost:8443", ITSELF),
        ("localhost.localdomain", ITSELF),
        ("ip6-localhost", ITSELF),
        ("api.localhost", ITSELF),
    ],
)
def test_an_endpoint_that_kubeadm_or_a_host_cannot_use_is_refused(endpoint: str, problem: str) -> None:
    (line,) = with_all(control_plane_endpoint=endpoint)
    assert line.startswith(f"control_plane_endpoint: {problem}")


@pytest.mark.parametrize(
    "endpoint",
    ["api", "api.example.org:443", "1api.example.org", "a" * 63, "10.77.1.11", "198.51.100.7:8443", "[2001:db8::9]",
     "[fd00::1]:6443", "192.0.2.9:10250", "svc.example.org", "localhost.example.org", "api.x--y.example"],
)  # fmt: skip
def test_an_endpoint_that_kubeadm_takes_is_taken(endpoint: str) -> None:
    assert with_all(control_plane_endpoint=endpoint) == []


@given(st.from_regex(r"\[?[-a-zA-Z0-9._:]{1,12}\]?(:[0-9]{0,6})?", fullmatch=True) | st.ip_addresses().map(str))
def test_an_endpoint_that_is_taken_has_a_host_that_kubeadm_takes(endpoint: str) -> None:
    if endpoint_problem(endpoint):
        return
    host = endpoint if endpoint.endswith("]") else re.sub(r":[0-9]+$", "", endpoint)
    if host.startswith("["):
        assert ":" in host
    else:
        assert re.fullmatch(DNS1123_SUBDOMAIN, host)
        assert not host.rpartition(".")[2].isdigit() or re.fullmatch(r"([0-9]{1,3}\.){3}[0-9]{1,3}", host)


def test_an_endpoint_is_no_workers_address_and_no_later_control_planes() -> None:
    assert with_all(control_plane_endpoint="192.0.2.1") == []
    assert with_all(control_plane_endpoint="192.0.2.2") == [
        "control_plane_endpoint: 192.0.2.2 is the address of w-1, a worker; use that of the load balancer in front of "
        "the control plane"
    ]
    # A load balancer may run on a node, on another port.
    assert with_all(control_plane_endpoint="192.0.2.2:8443") == []
    assert problems_of(*high_available(control_plane_endpoint="192.0.2.2:6443")) == [
        "control_plane_endpoint: 192.0.2.2 is the address of cp-2, where no API answers before cp-1 has one; use that "
        "of the load balancer in front of them"
    ]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("169.254.1.1", "link-local"),
        ("240.0.0.9", "reserved"),
        ("0.1.2.3", "unspecified"),
    ],
)
def test_a_node_has_no_address_that_others_cannot_reach(address: str, kind: str) -> None:
    assert with_host("w-1", address=address) == [
        f"hosts.w-1.address: no other host reaches an address that is {kind} (it is {address}); use one that all hosts "
        "reach"
    ]


def dual_stack(**own: str) -> list[str]:
    found = hosts(pod_subnet_v6="fd00:10:244::/56", service_subnet_v6="fd00:10:96::/112")
    for i, variables in enumerate(found.values(), start=1):
        variables["address_v6"] = f"2001:db8::{i}"
    found["w-1"] |= own
    return problems_of(found, groups())


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("2001:db8::1", "2001:db8::1 is also cp-1's; give every host its own"),
        (
            "fe80::5",
            "no other host reaches an address that is link-local (it is fe80::5); use one that all hosts reach",
        ),
        ("::ffff:192.0.2.2", "no other host reaches an address that is IPv4 in IPv6's notation (it is ::ffff:"),
        ("::1", "no host can be reached at this address"),
        ("ff02::1", "no host can be reached at this address"),
        ("::", "no host can be reached at this address"),
        ("192.0.2.2", "input is not a valid IPv6 address"),
        ("fd00:10:244::5", "fd00:10:244::5 is inside a subnet of the cluster; choose another address"),
    ],
)
def test_a_second_address_is_held_to_the_same_rules(address: str, problem: str) -> None:
    assert dual_stack() == []
    (line,) = dual_stack(address_v6=address)
    assert line.startswith(f"hosts.w-1.address_v6: {problem}")


# pyinfra 3.10: what make_names_data of its own connectors yields.
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("@vagrant/w-1", "is a name that pyinfra's connector @vagrant gives, and no node can have it"),
        ("@terraform/w", "is a name that pyinfra's connector @terraform gives, and no node can have it"),
        ("@local", "is this machine itself, reached without SSH (@local), and a deploy runs over SSH alone"),
        ("@docker/debian:13", "is a container, reached without SSH (@docker), and a deploy runs over SSH alone"),
        ("@podman/x", "is a container, reached without SSH (@podman), and a deploy runs over SSH alone"),
        ("@dockerssh/h:i", "is a container on another machine, reached without SSH (@dockerssh), and a deploy runs"),
        ("@chroot/srv/x", "is a directory, reached without SSH (@chroot), and a deploy runs over SSH alone"),
        ("@ssh/192.0.2.11", "is a host over SSH, which is what a name without @ssh/ means"),
    ],
)
def test_a_name_that_a_connector_gives_is_told_by_what_it_reaches(name: str, cause: str) -> None:
    connector = name.partition("/")[0].strip("@")
    found = hosts()
    found[name] = {"network": found["cp-1"]["network"], f"{connector}_x": "the connector's own"}
    # One line, and none about an address that it lacks.
    [line] = problems_of(found, groups(workers=("w-1", "w-2", name)))
    assert line.startswith(f"hosts.{name}: {cause}")
    assert line.endswith(
        '; name a host that SSH reaches, by a name of its own: ("w-1", {"ssh_hostname": "192.0.2.11"})'
    )
