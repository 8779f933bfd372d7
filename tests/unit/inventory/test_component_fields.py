"""What a component would ignore without a word, or not start with, is refused before any host is contacted."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.clusters import cluster, groups, network
from underlay.inventory.component_fields import component_problems
from underlay.inventory.variables import ClusterVariables

from .spec_problems import ipv6, problems_of, with_all

SCHEMAS = files("underlay.inventory") / "schemas"
RUNTIME = "io.containerd.cri.v1.runtime"
IMAGES = "io.containerd.cri.v1.images"


def fields(file: str) -> dict[str, str]:
    """Fields at the top of a component's configuration -> type and values."""
    lines = (line.split("\t") for line in (SCHEMAS / file).read_text().splitlines())
    return {path: kind for path, kind in lines if not set(path) & set(".[{")}


@pytest.mark.parametrize(
    ("kubelet", "problem"),
    [
        ({"maxpods": 50}, "kubelet.maxpods: unknown key; did you mean maxPods?"),
        ({"MaxPods": 50}, "kubelet.MaxPods: unknown key; did you mean maxPods?"),
        ({"max_pods": 50}, "kubelet.max_pods: unknown key; did you mean maxPods?"),
        ({"evictionhard": {"memory.available": "1%"}}, "kubelet.evictionhard: unknown key; did you mean evictionHard?"),
        ({"resolvConfig": "/run/r"}, "kubelet.resolvConfig: unknown key; did you mean resolvConf?"),
        ({"authentication": {"anonymus": {"enabled": False}}},
         "kubelet.authentication.anonymus: unknown key; did you mean authentication.anonymous?"),
        ({"maxPods": "50"}, "kubelet.maxPods: wrong type (it is string); use integer"),
        ({"maxPods": True}, "kubelet.maxPods: wrong type (it is boolean); use integer"),
        ({"maxPods": None}, "kubelet.maxPods: wrong type (it is null); use integer"),
        ({"maxPods": -1}, "kubelet.maxPods: out of bounds (it is -1); use 0 or more"),
        ({"kubeAPIQPS": 2**31}, "kubelet.kubeAPIQPS: out of bounds (it is 2147483648); use 0 or"),
        ({"tlsCurvePreferences": [2**31]},
         "kubelet.tlsCurvePreferences[]: out of bounds (it is 2147483648); use -2147483648 or more"),
        ({"failSwapOn": "false"}, "kubelet.failSwapOn: wrong type (it is string); use boolean"),
        ({"clusterDNS": "10.96.0.10"}, "kubelet.clusterDNS: wrong type (it is string); use array"),
        ({"clusterDNS": [10]}, "kubelet.clusterDNS[]: wrong type (it is integer); use IP address as a string"),
        ({"evictionHard": {"memory.available": 100}},
         "kubelet.evictionHard.memory.available: wrong type (it is integer); use quantity or percentage "),
        ({"evictionHard": {"memory.free": "100Mi"}}, "kubelet.evictionHard: unknown key 'memory.free'; use some of "),
        ({"syncFrequency": "10"}, "kubelet.syncFrequency: no duration (it is '10'); use one such as 1m30s"),
        ({"syncFrequency": 10}, "kubelet.syncFrequency: wrong type (it is integer); use duration as a string"),
        ({"evictionHard": {"memory.available": "lots"}},
         "kubelet.evictionHard.memory.available: no quantity or percentage (it is 'lots'); use one such as 500Mi or 5%"),
        ({"evictionSoft": {"memory.available": "1Gi"}}, "kubelet.evictionSoft.memory.available: has no grace period, and "),
        ({"systemReserved": {"cpu": "half"}}, "kubelet.systemReserved.cpu: no quantity (it is 'half'); use one such as "),
        ({"systemReserved": {"disk": "1Gi"}}, "kubelet.systemReserved: unknown key 'disk'; use some of cpu, memory, "),
        ({"containerLogMaxSize": "10MB"}, "kubelet.containerLogMaxSize: no quantity (it is '10MB')"),
        ({"clusterDNS": ["dns.example"]}, "kubelet.clusterDNS[]: no IP address (it is 'dns.example'); use one such as "),
        ({"cpuCFSQuotaPeriod": "00"}, "kubelet.cpuCFSQuotaPeriod: no duration (it is '00')"),
        ({"nodeStatusUpdateFrequency": "10 s"}, "kubelet.nodeStatusUpdateFrequency: no duration (it is '10 s')"),
        ({"topologyManagerPolicy": "single-numa"},
         "kubelet.topologyManagerPolicy: unknown value (it is 'single-numa'); use one of none, best-effort, restricted,"),
        ({"cgroupDriver": "cgroupFS"}, "kubelet.cgroupDriver: unknown value (it is 'cgroupFS'); use one of systemd, cg"),
        ({"oomScoreAdj": 1001}, "kubelet.oomScoreAdj: out of bounds (it is 1001); use -1000 to 1000"),
        ({"imageGCHighThresholdPercent": 101}, "kubelet.imageGCHighThresholdPercent: out of bounds (it is 101); use 0 "),
        ({"imageGCHighThresholdPercent": 80}, "kubelet.imageGCLowThresholdPercent: 80 is not below imageGCHighThreshold"),
        ({"imageGCLowThresholdPercent": 90}, "kubelet.imageGCLowThresholdPercent: 90 is not below imageGCHighThreshold"),
        ({"staticPodPath": "/etc/manifests"}, "kubelet.staticPodPath: unknown value (it is '/etc/manifests'); use /etc"),
        ({"rotateCertificates": False}, "kubelet.rotateCertificates: unknown value (it is False); use true"),
        ({"kind": "Kubelet"}, "kubelet.kind: unknown value (it is 'Kubelet'); use KubeletConfiguration"),
        ({"featureGates": {"NodeSwapp": True}},
         "kubelet.featureGates.NodeSwapp: Kubernetes 1.37 has no such feature gate; did you mean NodeSwap?"),
        ({"featureGates": {"NodeSwap": "true"}}, "kubelet.featureGates.NodeSwap: wrong type (it is string); use boolean"),
        ({"featureGates": {"AllowOverwriteTerminationGracePeriodSeconds": False}},
         "kubelet.featureGates.AllowOverwriteTerminationGracePeriodSeconds: locked to true since Kubernetes 1.35 (it is "
         "False); remove it"),
        ({"maxPods": 254}, "kubelet.maxPods: 254 pods need an address each, and a node's pod subnet, a /24, has 253; use "
                           "253 or less"),
        ({"maxPods": 500}, "kubelet.maxPods: 500 pods need an address each"),
    ],
)  # fmt: skip
def test_what_a_kubelet_would_ignore_or_not_start_with_is_refused(kubelet: dict[str, Any], problem: str) -> None:
    (line,) = with_all(kubelet=kubelet)
    assert line.startswith(problem)
    assert "; " in line


@pytest.mark.parametrize(
    "kubelet",
    [
        {"maxPods": 253},
        {"failSwapOn": False, "oomScoreAdj": 0, "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99},
        {"evictionHard": {"memory.available": "1%"}, "systemReserved": {"cpu": "500m"}, "kubeReserved": {}},
        {"evictionSoft": {"nodefs.available": "10%"}, "evictionSoftGracePeriod": {"nodefs.available": "1m"}},
        {"memorySwap": {"swapBehavior": "LimitedSwap"}, "shutdownGracePeriod": "1m30s", "syncFrequency": "0"},
        {"registerWithTaints": [{"key": "a", "value": "b", "effect": "NoSchedule"}], "podPidsLimit": -1},
        {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "resolvConf": ""},
        {"logging": {"verbosity": 4, "flushFrequency": "5s", "format": "json"}, "featureGates": {"NodeLogQuery": True}},
        {"reservedMemory": [{"numaNode": 0, "limits": {"memory": "1Gi", "hugepages-2Mi": 2}}], "memoryThrottlingFactor": 1},
    ],
)  # fmt: skip
def test_what_a_kubelet_knows_is_passed_on(kubelet: dict[str, Any]) -> None:
    assert with_all(kubelet=kubelet) == []


@pytest.mark.parametrize("mode", ["calico-vxlan", "weave-sleeve", "none"])
def test_pods_are_not_counted_where_a_node_takes_addresses_from_elsewhere(mode: str) -> None:
    variables = ClusterVariables(network={}, kubelet={"maxPods": 500})
    assert not list(component_problems(cluster(), network(mode), variables, set()))


def test_a_node_has_addresses_enough_with_ipv6() -> None:
    assert problems_of(ipv6(kubelet={"maxPods": 500}), groups()) == []


def test_a_field_or_gate_that_is_younger_than_the_version_is_refused() -> None:
    older: dict[str, Any] = {"kubernetes_version": "v1.35.4"}
    assert with_all(kubelet={"defaultPodSysctls": {}}, **older) == [
        "kubelet.defaultPodSysctls: there since Kubernetes 1.37; remove it, or use that version"
    ]
    assert with_all(kubelet={"featureGates": {"DefaultPodSysctls": True}}, **older) == [
        "kubelet.featureGates.DefaultPodSysctls: there since Kubernetes 1.37 (it is 1.35); remove it"
    ]
    # It may have been there, and removed since.
    assert with_all(kubelet={"featureGates": {"Xyzzy": True}}, **older) == []


@pytest.mark.parametrize(
    ("proxy", "problem"),
    [
        ({"Mode": "iptables"}, "kube_proxy.Mode: unknown key; did you mean mode?"),
        ({"ipTables": {}}, "kube_proxy.ipTables: unknown key; did you mean iptables?"),
        ({"ipvs": {"strictArp": True}}, "kube_proxy.ipvs.strictArp: unknown key; did you mean ipvs.strictARP?"),
        ({"conntrack": {"maxPerCore": "0"}}, "kube_proxy.conntrack.maxPerCore: wrong type (it is string); use integer"),
        ({"conntrack": {"udpTimeout": "30"}}, "kube_proxy.conntrack.udpTimeout: no duration (it is '30')"),
        ({"nodePortAddresses": "192.0.2.0/24"}, "kube_proxy.nodePortAddresses: wrong type (it is string); use array"),
        (
            {"nodePortAddresses": ["192.0.2.1"]},
            "kube_proxy.nodePortAddresses[]: no subnet (it is '192.0.2.1'); use one ",
        ),
        ({"bindAddress": "eth0"}, "kube_proxy.bindAddress: no IP address (it is 'eth0'); use one such as 192.0.2.1"),
        ({"detectLocalMode": "ClusterCidr"}, "kube_proxy.detectLocalMode: unknown value (it is 'ClusterCidr')"),
        ({"featureGates": {"Xyzzy": True}}, "kube_proxy.featureGates.Xyzzy: Kubernetes 1.37 has no such feature gate"),
    ],
)
def test_what_kube_proxy_would_ignore_is_refused(proxy: dict[str, Any], problem: str) -> None:
    (line,) = with_all(kube_proxy=proxy)
    assert line.startswith(problem)


@pytest.mark.parametrize(
    ("containerd", "problem"),
    [
        ({"plugin": {}}, "containerd.plugin: unknown key; did you mean plugins?"),
        ({"version": 2}, "containerd.version: out of bounds (it is 2); use 3"),
        ({"debug": {"lvl": "debug"}}, "containerd.debug.lvl: unknown key; did you mean debug.level?"),
        ({"plugins": {"io.containerd.cri.v1.runtimes": {}}}, "containerd.plugins.io.containerd.cri.v1.runtimes: contain"),
        ({"plugins": {"cri": {}}}, "containerd.plugins.cri: containerd has no such plugin; "),
        ({"plugins": {RUNTIME: 1}}, f"containerd.plugins.{RUNTIME}: wrong type; use a table of its settings"),
        ({"plugins": {RUNTIME: {"restrict_oom_score": True}}},
         f"containerd.plugins.{RUNTIME}.restrict_oom_score: unknown key; did you mean restrict_oom_score_adj?"),
        ({"plugins": {RUNTIME: {"cni": {"bin_dir": "/opt/cni/bin"}}}},
         f"containerd.plugins.{RUNTIME}.cni.bin_dir: unknown key; did you mean cni.bin_dirs?"),
        ({"plugins": {RUNTIME: {"containerd": {"runtimes": {"kata": {"runtime": "io.containerd.kata.v2"}}}}}},
         f"containerd.plugins.{RUNTIME}.containerd.runtimes.kata.runtime: unknown key; did you mean "),
        ({"plugins": {IMAGES: {"registry": {"mirror": {}}}}},
         f"containerd.plugins.{IMAGES}.registry.mirror: unknown key; did you mean registry.mirrors?"),
        ({"plugins": {IMAGES: {"registry": {"mirrors": {"docker.io": {"endpoints": ["https://m.example"]}}}}}},
         f"containerd.plugins.{IMAGES}.registry.mirrors.docker.io.endpoints: unknown key; did you mean "),
        ({"plugins": {IMAGES: {"max_concurrent_downloads": "3"}}},
         f"containerd.plugins.{IMAGES}.max_concurrent_downloads: wrong type (it is string); use integer"),
    ],
)  # fmt: skip
def test_what_containerd_would_ignore_is_refused(containerd: dict[str, Any], problem: str) -> None:
    (line,) = with_all(containerd=containerd)
    assert line.startswith(problem)


@pytest.mark.parametrize(
    "containerd",
    [
        {"version": 3, "oom_score": -999, "debug": {"level": "debug"}, "imports": ["/etc/containerd/conf.d/*.toml"]},
        {"plugins": {IMAGES: {"registry": {"config_path": "/etc/containerd/certs.d"}}}},
        {"plugins": {RUNTIME: {"containerd": {"runtimes": {"kata": {"runtime_type": "io.containerd.kata.v2"}}}}}},
        {"plugins": {RUNTIME: {"containerd": {"runtimes": {"runc": {"options": {"BinaryName": "crun"}}}}}}},
        # containerd migrates what version 2 of its configuration called so.
        {"plugins": {"io.containerd.grpc.v1.cri": {"sandbox_image": "registry.example/pause:3.10"}}},
        {
            "plugins": {
                "io.containerd.snapshotter.v1.devmapper": {"pool_name": "p"},
                "io.containerd.gc.v1.scheduler": {},
            }
        },
        # It reads keys in any case.
        {"Plugins": {}, "OOM_score": 0},
    ],
)
def test_what_containerd_knows_is_passed_on(containerd: dict[str, Any]) -> None:
    assert with_all(containerd=containerd) == []


def problems(**stated: Any) -> list[str]:
    return list(component_problems(cluster(), network(), ClusterVariables(network={}, **stated), set()))


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,24}", fullmatch=True)


@given(component=st.sampled_from(["kubelet", "kube_proxy"]), name=NAMES)
def test_every_field_that_is_not_in_the_types_is_refused(component: str, name: str) -> None:
    known = fields({"kubelet": "kubelet-1.37.2.tsv", "kube_proxy": "kube-proxy-1.37.2.tsv"}[component])
    if name not in known:
        (line,) = problems(**{component: {name: {}}})
        assert line.startswith(f"{component}.{name}: unknown key; ")


@given(st.sampled_from(sorted(fields("kubelet-1.37.2.tsv"))), st.sampled_from(["lower", "upper", "cut", "double"]))
def test_every_field_that_is_written_wrong_is_told_the_right_one(name: str, how: str) -> None:
    wrong = {"lower": name.lower(), "upper": name.upper(), "cut": name[:-1], "double": name + name[-1]}[how]
    known = fields("kubelet-1.37.2.tsv")
    if wrong not in known:
        (line,) = problems(kubelet={wrong: {}})
        assert line.startswith(f"kubelet.{wrong}: unknown key; did you mean ")
