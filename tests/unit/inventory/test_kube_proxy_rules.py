"""What kube-proxy or containerd would not start with, or do wrongly, although each field is of its type."""

from __future__ import annotations

from typing import Any

import pytest

from .spec_problems import with_all

RUNTIME = "io.containerd.cri.v1.runtime"


@pytest.mark.parametrize(
    ("proxy", "problem"),
    [
        ({"clusterCIDR": "10.9.0.0/16"}, "kube_proxy.clusterCIDR: is not the pods' (10.244.0.0/16) (it is '10.9.0.0/16')"),
        ({"hostnameOverride": "cp-1"}, "kube_proxy.hostnameOverride: all nodes would have this one name"),
        ({"metricsBindAddress": "eth0:10249"}, "kube_proxy.metricsBindAddress: no address with a port (it is 'eth0:10249"),
        ({"healthzBindAddress": "0.0.0.0:0"}, "kube_proxy.healthzBindAddress: no address with a port (it is '0.0.0.0:0')"),
        ({"healthzBindAddress": ":10256"}, "kube_proxy.healthzBindAddress: no address with a port"),
        ({"detectLocalMode": "InterfaceNamePrefix"}, "kube_proxy.detectLocalMode: InterfaceNamePrefix needs the name of"),
        ({"detectLocalMode": "BridgeInterface", "detectLocal": {"interfaceNamePrefix": "cni"}},
         "kube_proxy.detectLocalMode: BridgeInterface needs the name of the link; set detectLocal.bridgeInterface"),
        ({"nftables": {"syncPeriod": "10s", "minSyncPeriod": "1m"}}, "kube_proxy.nftables.syncPeriod: is below minSyncPer"),
        ({"iptables": {"minSyncPeriod": "31s"}}, "kube_proxy.iptables.syncPeriod: is below minSyncPeriod (30s of 31s)"),
        ({"conntrack": {"tcpEstablishedTimeout": "-1s"}}, "kube_proxy.conntrack.tcpEstablishedTimeout: is negative"),
        ({"mode": "ipvs", "ipvs": {"udpTimeout": "-5m"}}, "kube_proxy.ipvs.udpTimeout: is negative (it is '-5m')"),
    ],
)  # fmt: skip
def test_what_kube_proxy_does_not_start_with_is_refused(proxy: dict[str, Any], problem: str) -> None:
    (line,) = with_all(kube_proxy=proxy)
    assert line.startswith(problem)
    assert "; " in line


@pytest.mark.parametrize(
    "proxy",
    [
        {"clusterCIDR": "10.244.0.0/16", "metricsBindAddress": "192.0.2.9", "healthzBindAddress": "[::]:10256"},
        {"detectLocalMode": "InterfaceNamePrefix", "detectLocal": {"interfaceNamePrefix": "cni"}},
        {"nftables": {"syncPeriod": "1m", "minSyncPeriod": "0s"}, "conntrack": {"tcpCloseWaitTimeout": "0s"}},
    ],
)
def test_what_kube_proxy_starts_with_is_passed_on(proxy: dict[str, Any]) -> None:
    assert with_all(kube_proxy=proxy) == []


@pytest.mark.parametrize(
    ("containerd", "problem"),
    [
        ({"grpc": {"address": "/run/c.sock"}}, "containerd.grpc.address: unknown value (it is '/run/c.sock'); use /run/"),
        ({"disabled_plugins": ["io.containerd.grpc.v1.cri"]}, "containerd.disabled_plugins: without io.containerd.grpc.v1"),
        ({"disabled_plugins": [RUNTIME]}, f"containerd.disabled_plugins: without {RUNTIME} the kubelet has no container"),
        ({"root": "var/lib/containerd"}, "containerd.root: is no absolute path (it is 'var/lib/containerd')"),
        ({"plugins": {RUNTIME: {"cni": {"bin_dirs": ["/usr/libexec/cni"]}}}},
         f"containerd.plugins.{RUNTIME}.cni.bin_dirs: lacks /opt/cni/bin"),
        ({"plugins": {RUNTIME: {"cni": {"conf_dir": "/etc/cni"}}}},
         f"containerd.plugins.{RUNTIME}.cni.conf_dir: unknown value (it is '/etc/cni'); use /etc/cni/net.d"),
    ],
)  # fmt: skip
def test_what_leaves_pods_without_a_runtime_or_a_network_is_refused(containerd: dict[str, Any], problem: str) -> None:
    (line,) = with_all(containerd=containerd)
    assert line.startswith(problem)
