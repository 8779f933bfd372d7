"""Fields that are each of their type and contradict one another: a kubelet does not start with them.

Cases marked so were refused by the kubelet v1.37.2 itself, which validates before anything else; the others by what it
does later (pkg/kubelet/eviction/helpers.go, cm/cpumanager, cm/memorymanager), or by the API server, of its node.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.inventory.go_values import amount, duration_s
from underlay.inventory.kubelet_rules import kubelet_rules

from .spec_problems import with_all

DEDICATED = {"key": "example.org/dedicated", "value": "db", "effect": "NoSchedule"}
# In the kubelet's own words, behind "invalid configuration: ", what each is refused with.
BY_THE_KUBELET = [
    ({"systemCgroups": "/system"}, "kubelet.systemCgroups: needs a cgroupRoot"),
    ({"enforceNodeAllocatable": ["pods", "system-reserved"]}, "kubelet.enforceNodeAllocatable: system-reserved needs"),
    ({"enforceNodeAllocatable": ["none", "pods"]}, "kubelet.enforceNodeAllocatable: none stands beside others"),
    ({"enforceNodeAllocatable": ["pods", "pods"]}, "kubelet.enforceNodeAllocatable: pods is there twice"),
    ({"enforceNodeAllocatable": ["kube-reserved", "kube-reserved-compressible"], "kubeReservedCgroup": "/k"},
     "kubelet.enforceNodeAllocatable: kube-reserved and kube-reserved-compressible exclude each other"),
    ({"cgroupsPerQOS": False}, "kubelet.cgroupsPerQOS: nothing is enforced without it"),
    ({"maxParallelImagePulls": 5, "serializeImagePulls": True}, "kubelet.maxParallelImagePulls: 5 at once"),
    ({"shutdownGracePeriod": "10s", "shutdownGracePeriodCriticalPods": "30s"},
     "kubelet.shutdownGracePeriodCriticalPods: 30s is a part of shutdownGracePeriod (10s)"),
    ({"shutdownGracePeriodCriticalPods": "30s"}, "kubelet.shutdownGracePeriodCriticalPods: 30s is a part of"),
    ({"shutdownGracePeriod": "10ms"}, "kubelet.shutdownGracePeriod: is less than a second (it is '10ms')"),
    ({"shutdownGracePeriod": "10s",
      "shutdownGracePeriodByPodPriority": [{"priority": 1, "shutdownGracePeriodSeconds": 3}]},
     "kubelet.shutdownGracePeriodByPodPriority: shutdownGracePeriod is set, too"),
    ({"reservedSystemCPUs": "0-"}, "kubelet.reservedSystemCPUs: no list of processors (it is '0-')"),
    ({"reservedSystemCPUs": "0", "systemReservedCgroup": "/x"}, "kubelet.reservedSystemCPUs: systemReservedCgroup is"),
    ({"imageMaximumGCAge": "1m"}, "kubelet.imageMaximumGCAge: 1m is not above imageMinimumGCAge (2m)"),
    ({"imageMinimumGCAge": "-3m"}, "kubelet.imageMinimumGCAge: out of bounds (it is '-3m'); use 0s or more"),
    ({"registerWithTaints": [{**DEDICATED, "key": "a b"}]}, "kubelet.registerWithTaints: no key of a taint (it is 'a b')"),
    ({"registerWithTaints": [{"effect": "NoSchedule"}]}, "kubelet.registerWithTaints: no key of a taint (it is '')"),
    ({"registerWithTaints": [{**DEDICATED, "value": "-x"}]}, "kubelet.registerWithTaints: no value of a taint (it is '-"),
    ({"tlsCipherSuites": ["FOO"]}, "kubelet.tlsCipherSuites[]: unknown value (it is 'FOO'); use one of TLS_"),
    ({"crashLoopBackOff": {"maxContainerRestartPeriod": "600s"}},
     "kubelet.crashLoopBackOff.maxContainerRestartPeriod: out of bounds (it is '600s'); use 1s to 300s"),
    ({"podLogsDir": "/var/log/../x"}, "kubelet.podLogsDir: no plain absolute path"),
    ({"podLogsDir": "/var/log/pods/"}, "kubelet.podLogsDir: no plain absolute path"),
    ({"podLogsDir": "/var/log/é"}, "kubelet.podLogsDir: no plain absolute path"),
    ({"containerLogMonitorInterval": "1s"}, "kubelet.containerLogMonitorInterval: out of bounds (it is '1s'); use 3s or "),
    ({"enableSystemLogQuery": True, "enableSystemLogHandler": False}, "kubelet.enableSystemLogQuery: needs enableSystemL"),
    ({"memoryThrottlingFactor": 1.5}, "kubelet.memoryThrottlingFactor: out of bounds (it is 1.5)"),
    ({"memoryThrottlingFactor": 0}, "kubelet.memoryThrottlingFactor: out of bounds (it is 0)"),
    ({"runOnce": True}, "kubelet.runOnce: the kubelet runs in no such mode any more"),
    ({"defaultPodSysctls": {"net.core.somaxconn": "1024"}}, "kubelet.defaultPodSysctls: needs the feature gate DefaultPod"),
    ({"cpuCFSQuotaPeriod": "2s"}, "kubelet.cpuCFSQuotaPeriod: out of bounds (it is '2s'); use 1ms to 1s"),
    ({"logging": {"format": "json", "vmodule": [{"filePattern": "a", "verbosity": 1}]}}, "kubelet.logging.vmodule: is for"),
    ({"userNamespaces": {"idsPerPod": 1}}, "kubelet.userNamespaces.idsPerPod: no multiple of 65536 (it is 1)"),
    ({"reservedMemory": [{"numaNode": 0, "limits": {"memory": "0"}}]},
     "kubelet.reservedMemory: memory of NUMA node 0 is zero"),
    ({"reservedMemory": 2 * [{"numaNode": 0, "limits": {"memory": "50Mi"}}]},
     "kubelet.reservedMemory: memory of NUMA node 0 is there twice"),
    ({"reservedMemory": [{"numaNode": 0, "limits": {"cpu": "1"}}]},
     "kubelet.reservedMemory: cpu of NUMA node 0 cannot be reserved"),
]  # fmt: skip
LATER = [
    ({"cpuManagerPolicy": "static"}, "kubelet.cpuManagerPolicy: static needs processors of its own"),
    ({"cpuManagerPolicy": "static", "systemReserved": {"memory": "1Gi"}}, "kubelet.cpuManagerPolicy: static needs proces"),
    ({"memoryManagerPolicy": "Static"}, "kubelet.memoryManagerPolicy: Static needs what is reserved of each NUMA node"),
    ({"evictionHard": {"memory.available": "150%"}}, "kubelet.evictionHard.memory.available: is more than all there is"),
    ({"evictionHard": {"memory.available": "-5Mi"}}, "kubelet.evictionHard.memory.available: is not positive"),
    ({"evictionHard": {"nodefs.available": "0"}}, "kubelet.evictionHard.nodefs.available: is not positive (it is '0')"),
    ({"evictionMinimumReclaim": {"nodefs.available": "-1Mi"}}, "kubelet.evictionMinimumReclaim.nodefs.available: is not"),
    ({"evictionSoft": {"memory.available": "1Gi"}, "evictionSoftGracePeriod": {"memory.available": "-5s"}},
     "kubelet.evictionSoftGracePeriod.memory.available: is negative (it is '-5s')"),
    ({"systemReserved": {"cpu": "-500m"}}, "kubelet.systemReserved.cpu: is negative (it is '-500m')"),
    ({"kubeReserved": {"memory": "-1Gi"}}, "kubelet.kubeReserved.memory: is negative"),
    ({"allowedUnsafeSysctls": ["vm.swappiness"]}, "kubelet.allowedUnsafeSysctls: pods have no sysctl of their own of this"),
    ({"allowedUnsafeSysctls": ["kernel.shmm*"]}, "kubelet.allowedUnsafeSysctls: pods have no sysctl of their own of this"),
    ({"allowedUnsafeSysctls": ["net core"]}, "kubelet.allowedUnsafeSysctls: pods have no sysctl of their own of this name"),
    ({"syncFrequency": "-10s"}, "kubelet.syncFrequency: out of bounds (it is '-10s'); use 0s or more"),
    ({"qosReserved": {"memory": "50%"}}, "kubelet.qosReserved: needs the feature gate QOSReserved"),
    ({"healthzPort": 10250}, "kubelet.healthzPort: 10250 is the port of kubelet.port; use another"),
    ({"readOnlyPort": 10250}, "kubelet.readOnlyPort: 10250 is the port of kubelet.port; use another"),
    ({"port": 6443}, "kubelet.port: 6443 is the port of the API server; use another"),
    ({"readOnlyPort": 10256}, "kubelet.readOnlyPort: 10256 is the port of kube-proxy; use another"),
    ({"podCIDR": "10.0.0.0/8"}, "kubelet.podCIDR: a kubelet in a cluster ignores it"),
    ({"resolvConf": "resolv.conf"}, "kubelet.resolvConf: is no absolute path (it is 'resolv.conf')"),
    # The API server refuses the node.
    ({"registerWithTaints": [{"key": "a"}]}, "kubelet.registerWithTaints: 'a' has no effect"),
    ({"registerWithTaints": [DEDICATED, {**DEDICATED, "value": "web"}]},
     "kubelet.registerWithTaints: 'example.org/dedicated' is there twice with NoSchedule"),
    ({"clusterDNS": ["10.244.0.10"]}, "kubelet.clusterDNS: 10.244.0.10 is inside the pods' 10.244.0.0/16"),
    ({"clusterDNS": ["192.0.2.1"]}, "kubelet.clusterDNS: 192.0.2.1 is a node's, where no DNS answers"),
]  # fmt: skip


@pytest.mark.parametrize(("kubelet", "problem"), [*BY_THE_KUBELET, *LATER])
def test_what_a_kubelet_does_not_start_with_is_refused(kubelet: dict[str, Any], problem: str) -> None:
    (line,) = with_all(kubelet=kubelet)
    assert line.startswith(problem)
    assert "; " in line


@pytest.mark.parametrize(
    "kubelet",
    [
        {"systemCgroups": "/system", "cgroupRoot": "/"},
        {"enforceNodeAllocatable": ["pods", "kube-reserved"], "kubeReservedCgroup": "/kube"},
        {"cgroupsPerQOS": False, "enforceNodeAllocatable": ["none"]},
        {"cgroupsPerQOS": False, "enforceNodeAllocatable": []},
        {"maxParallelImagePulls": 5},
        {"maxParallelImagePulls": 1, "serializeImagePulls": True},
        {"shutdownGracePeriod": "1m", "shutdownGracePeriodCriticalPods": "1m0s"},
        {"imageMaximumGCAge": "3m"},
        {"imageMaximumGCAge": "0s", "imageMinimumGCAge": "10m"},
        {"registerWithTaints": [DEDICATED, {**DEDICATED, "effect": "NoExecute"}, {"key": "x", "effect": "NoSchedule"}]},
        {"tlsCipherSuites": ["TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_RC4_128_SHA"]},
        {"evictionHard": {"memory.available": "0%", "nodefs.available": "100%"}},
        {"evictionMinimumReclaim": {"nodefs.available": "0"}},
        {"allowedUnsafeSysctls": ["net.*", "kernel.shm*", "net/ipv4/ip_forward", "fs.mqueue.msg_max", "user.max_ipc"]},
        {"defaultPodSysctls": {"net.core.somaxconn": "1"}, "featureGates": {"DefaultPodSysctls": True}},
        {"cpuManagerPolicy": "static", "systemReserved": {"cpu": "500m"}},
        {"cpuManagerPolicy": "static", "reservedSystemCPUs": "0,2-3"},
        {"cpuCFSQuotaPeriod": "5ms", "crashLoopBackOff": {"maxContainerRestartPeriod": "1s"}},
        {"readOnlyPort": 10255, "healthzPort": 0},
        # NodeLocal DNS, once its DaemonSet runs.
        {"clusterDNS": ["169.254.20.10"]},
        {"userNamespaces": {"idsPerPod": 131072}, "memoryThrottlingFactor": 0.8},
    ],
)
def test_what_a_kubelet_starts_with_is_passed_on(kubelet: dict[str, Any]) -> None:
    assert with_all(kubelet=kubelet) == []


def test_a_gate_that_a_version_has_on_by_itself_need_not_be_set() -> None:
    quota = {"cpuCFSQuotaPeriod": "5ms"}
    assert with_all(kubelet=quota, kubernetes_version="v1.36.0") == []
    assert with_all(kubelet=quota, kubernetes_version="v1.35.0") == [
        "kubelet.cpuCFSQuotaPeriod: needs the feature gate CustomCPUCFSQuotaPeriod; set featureGates = "
        '{"CustomCPUCFSQuotaPeriod": True}, or remove it'
    ]


FIELDS = st.sampled_from(sorted({name for kubelet, _ in [*BY_THE_KUBELET, *LATER] for name in kubelet}))
ODD = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
VALUES = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(FIELDS, VALUES, max_size=4))
def test_whatever_a_field_is_there_are_lines_and_no_traceback(fields: dict[str, Any]) -> None:
    for line in kubelet_rules(fields):
        assert "; " in line


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1m30s", 90), ("0", 0), ("-1.5h", -5400), ("300ms", 0.3), (".5s", 0.5), ("10", None), ("1 s", None), ("", None)],
)
def test_a_duration_is_read_as_go_reads_it(text: str, seconds: float | None) -> None:
    found = duration_s(text)
    assert found == pytest.approx(seconds) if seconds is not None else found is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("500Mi", 500 * 1024**2),
        ("100m", "0.1"),
        ("-2", -2),
        ("1e3", 1000),
        ("1E", 10**18),
        ("1E3", 1000),
        ("1MB", None),
    ],
)
def test_a_quantity_is_read_as_kubernetes_reads_it(text: str, number: Any) -> None:
    assert amount(text) == (None if number is None else Decimal(number))
