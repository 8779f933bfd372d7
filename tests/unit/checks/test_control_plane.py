"""The commands of the control plane's checks, and how their output is judged."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.unit import clusters
from underlay.checks.control_plane import api_checks, etcd_checks, kube_proxy_checks, kube_proxy_ready
from underlay.checks.kube_proxy_address import health_url, mode_url
from underlay.inventory.spec import Spec, read_spec


def spec(**shared: Any) -> Spec:
    hosts, groups = clusters.high_available(**shared)
    return read_spec(hosts, groups)


def etcd(members: tuple[str, ...], *, learner: str = "", leader: str = "7", alarms: tuple[str, ...] = ()) -> str:
    listed = [{"peerURLs": [f"https://{m}:2380"], **({"isLearner": True} if m == learner else {})} for m in members]
    documents = ({"members": listed}, {"leader": leader}, {"alarms": [{"alarm": a} for a in alarms]})
    return "\n".join(json.dumps(d) for d in documents)


ALL = ("192.0.2.1", "192.0.2.2", "192.0.2.3")


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (etcd(ALL), None),
        (etcd(ALL[:2]), "192.0.2.3 is not a member"),
        (etcd((*ALL, "192.0.2.9")), "192.0.2.9 is a member, but no control plane node"),
        (etcd(ALL, learner=ALL[1]), "192.0.2.2 is still a learner"),
        (etcd(ALL, leader="0"), "there is no leader"),
        (etcd(ALL[1:], alarms=("NOSPACE",)), "192.0.2.1 is not a member; alarm NOSPACE"),
        ("curl: (7) failed", "etcd does not answer: curl: (7) failed"),
        ("", "etcd does not answer: no output"),
    ],
)
def test_etcd_has_exactly_the_control_plane(output: str, expected: str | None) -> None:
    checks = etcd_checks(spec().cluster)
    assert [c.node for c in checks] == ["cp-1", "cp-2", "cp-3"]
    assert checks[0].judge(output) == expected


def test_every_node_queries_the_api_server_through_the_endpoint() -> None:
    checks = api_checks(spec().cluster)
    assert [c.node for c in checks] == ["cp-1", "cp-2", "cp-3", "w-1"]
    assert all("https://api.example.net:6443/readyz" in c.command for c in checks)
    assert checks[0].judge("ok") is None
    assert checks[0].judge("[-]etcd failed\n") == "/readyz: [-]etcd failed, expected ok"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("nftables\n{}\n", None),
        ("iptables\n{}\n", "kube-proxy runs in mode iptables, expected nftables"),
        ("\n{}\n", "kube-proxy does not answer, expected mode nftables"),
        ("nftables\n\n", "kube-proxy does not report that it is healthy"),
    ],
)
def test_kube_proxy_runs_in_the_requested_mode(output: str, expected: str | None) -> None:
    known = spec()
    assert kube_proxy_checks(known.cluster, known.network)[0].judge(output) == expected


@pytest.mark.parametrize(
    ("address", "proxy", "mode", "health"),
    [
        # Kubernetes v1.37.2, pkg/proxy/apis/config/v1alpha1/defaults.go, getDefaultAddresses.
        ("192.0.2.1", {}, "http://127.0.0.1:10249/proxyMode", "http://127.0.0.1:10256/healthz"),
        ("2001:db8::1", {}, "http://[::1]:10249/proxyMode", "http://[::1]:10256/healthz"),
        ("192.0.2.1", {"bindAddress": "::"}, "http://[::1]:10249/proxyMode", "http://[::1]:10256/healthz"),
        ("2001:db8::1", {"bindAddress": "0.0.0.0"}, "http://127.0.0.1:10249/proxyMode", "http://127.0.0.1:10256"),  # noqa: S104
        ("192.0.2.1", {"metricsBindAddress": "0.0.0.0:9249"}, "http://127.0.0.1:9249/proxyMode", "http://127.0.0.1:10"),
        ("2001:db8::1", {"metricsBindAddress": "[::]:10249"}, "http://[::1]:10249/proxyMode", "http://[::1]:10256/he"),
        ("192.0.2.1", {"metricsBindAddress": "192.0.2.1"}, "http://192.0.2.1:10249/proxyMode", "http://127.0.0.1:102"),
        ("192.0.2.1", {"healthzBindAddress": "[::1]:11256"}, "http://127.0.0.1:10249/proxyMode", "http://[::1]:11256/"),
    ],
)
def test_kube_proxy_is_asked_where_it_listens(address: str, proxy: dict[str, Any], mode: str, health: str) -> None:
    on = clusters.one_rack(kube_proxy={"mode": "nftables", **proxy})
    first, *others = on.nodes
    on = replace(on, nodes=(replace(first, address=ip_address(address)), *others))
    assert mode_url(on) == mode
    assert health_url(on).startswith(health)
    (command, *_) = (check.command for check in kube_proxy_checks(on, clusters.network()))
    assert f"'{mode}'" in command
    assert health in command
    assert health in kube_proxy_ready(on, seconds=3)


def test_a_network_that_replaces_kube_proxy_expects_none() -> None:
    known = spec()
    replacing = type("Replacing", (type(known.network),), {"replaces_kube_proxy": property(lambda _: True)})()
    check = kube_proxy_checks(known.cluster, replacing)[0]
    assert check.judge("") is None
    assert check.judge("4711\n") == "kube-proxy runs (4711), expected absent"
