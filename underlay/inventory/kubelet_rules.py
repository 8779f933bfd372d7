"""What a kubelet does not start with although each field is of its type: values that contradict or lack one another.

Kubernetes v1.37.2: pkg/kubelet/apis/config/validation, pkg/kubelet/eviction/helpers.go, cmd/kubelet/app/server.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .go_values import amount, duration_s

Fields = Mapping[str, Any]
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_CPUS = re.compile(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*")
# pkg/apis/policy/validation; a pattern's namespace is that of the text before its asterisk.
_SYSCTL = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]")
_IPC = r"kernel\.(sem|shm(all|max|mni|_rmid_forced)?|msg(max|mnb|mni)?|domainname)"
# component-helpers/node/util/sysctl: those that each pod has of its own.
_NAMESPACED = re.compile(rf"{_IPC}|(net|fs\.mqueue|user)\..*")
# Field -> the least and the most that the kubelet takes, in seconds; of any other, nothing negative.
_SPANS_S: Mapping[str, tuple[float, float]] = {
    "containerLogMonitorInterval": (3, float("inf")),
    "cpuCFSQuotaPeriod": (0.001, 1),
}
_SHUTDOWN = ("shutdownGracePeriod", "shutdownGracePeriodCriticalPods")
_MIN_GC_AGE_S = 120
# What listens on a node beside the kubelet, on any or on loopback addresses.
_PORTS = {6443: "the API server", 2379: "etcd", 2380: "etcd", 2381: "etcd", 10249: "kube-proxy", 10256: "kube-proxy",
          10257: "the controller manager", 10259: "the scheduler"}  # fmt: skip
_LISTENS = {"port": 10250, "healthzPort": 10248, "readOnlyPort": 0}


def kubelet_rules(fields: Fields) -> Iterator[str]:
    """A problem for each contradiction, as `field: what is wrong; remedy`; values of a wrong type are left out."""
    yield from _durations(fields)
    yield from _images(fields)
    yield from _shutdown(fields)
    yield from _evictions(fields)
    yield from _reserved(fields)
    yield from _enforced(fields)
    yield from _managers(fields)
    yield from _listeners(fields)
    yield from _taints(fields)
    yield from _sysctls(fields)
    yield from _logs(fields)
    if fields.get("runOnce") is True:
        yield "kubelet.runOnce: the kubelet runs in no such mode any more; remove it"
    if fields.get("systemCgroups") and not fields.get("cgroupRoot"):
        yield "kubelet.systemCgroups: needs a cgroupRoot; set it, or remove systemCgroups"
    if fields.get("podCIDR"):
        yield "kubelet.podCIDR: a kubelet in a cluster ignores it; remove it, and set pod_subnet"
    if isinstance(path := fields.get("resolvConf"), str) and path and not path.startswith("/"):
        yield f"kubelet.resolvConf: is no absolute path (it is {path!r}); write one that begins with /"


def _durations(fields: Fields) -> Iterator[str]:
    for name, value in fields.items():
        seconds = duration_s(value)
        if seconds is None:
            continue
        least, most = _SPANS_S.get(name, (0.0, float("inf")))
        if not least <= seconds <= most:
            bounds = f"{_span(least)} or more" if most == float("inf") else f"{_span(least)} to {_span(most)}"
            yield f"kubelet.{name}: out of bounds (it is {value!r}); use {bounds}"
    period = _table(fields, "crashLoopBackOff").get("maxContainerRestartPeriod")
    if (seconds := duration_s(period)) is not None and not 1 <= seconds <= 300:
        yield f"kubelet.crashLoopBackOff.maxContainerRestartPeriod: out of bounds (it is {period!r}); use 1s to 300s"


def _span(seconds: float) -> str:
    return f"{seconds:g}s" if seconds >= 1 or not seconds else f"{seconds * 1000:g}ms"


def _images(fields: Fields) -> Iterator[str]:
    oldest, youngest = duration_s(fields.get("imageMaximumGCAge")), duration_s(fields.get("imageMinimumGCAge", "2m"))
    if oldest and youngest is not None and 0 < oldest <= youngest:
        yield (
            f"kubelet.imageMaximumGCAge: {fields['imageMaximumGCAge']} is not above imageMinimumGCAge "
            f"({fields.get('imageMinimumGCAge', '2m')}); raise it"
        )
    most = fields.get("maxParallelImagePulls")
    if fields.get("serializeImagePulls") is True and isinstance(most, int) and most > 1:
        yield f"kubelet.maxParallelImagePulls: {most} at once, and serializeImagePulls is true; remove one of the two"


def _shutdown(fields: Fields) -> Iterator[str]:
    whole, critical = (duration_s(fields.get(name, "0s")) for name in _SHUTDOWN)
    if whole is None or critical is None:
        return
    for name, seconds in zip(_SHUTDOWN, (whole, critical), strict=True):
        if 0 < seconds < 1:
            yield f"kubelet.{name}: is less than a second (it is {fields[name]!r}); use 0s, or 1s or more"
    if critical > whole:
        yield (
            f"kubelet.shutdownGracePeriodCriticalPods: {fields['shutdownGracePeriodCriticalPods']} is a part of "
            f"shutdownGracePeriod ({fields.get('shutdownGracePeriod', '0s')}); raise that, or lower this"
        )
    if fields.get("shutdownGracePeriodByPodPriority") and (whole > 0 or critical > 0):
        yield "kubelet.shutdownGracePeriodByPodPriority: shutdownGracePeriod is set, too; remove one of the two"


def _evictions(fields: Fields) -> Iterator[str]:
    for name in ("evictionHard", "evictionSoft", "evictionMinimumReclaim"):
        for signal, value in _table(fields, name).items():
            where = f"kubelet.{name}.{signal}"
            if isinstance(value, str) and re.fullmatch(r"[0-9.]+%", value):
                if not 0 <= float(value.rstrip("%")) <= 100:
                    yield f"{where}: is more than all there is (it is {value!r}); use 100% or less"
            elif (found := amount(value)) is not None and (
                found < 0 or (found == 0 and name != "evictionMinimumReclaim")
            ):
                yield f"{where}: is not positive (it is {value!r}); use more than 0, or 0% for no threshold"
    for signal, value in _table(fields, "evictionSoftGracePeriod").items():
        if (seconds := duration_s(value)) is not None and seconds < 0:
            yield f"kubelet.evictionSoftGracePeriod.{signal}: is negative (it is {value!r}); use 0s or more"


def _reserved(fields: Fields) -> Iterator[str]:
    for name in ("systemReserved", "kubeReserved"):
        for resource, value in _table(fields, name).items():
            if (found := amount(value)) is not None and found < 0:
                yield f"kubelet.{name}.{resource}: is negative (it is {value!r}); use 0 or more"
    cpus = fields.get("reservedSystemCPUs")
    if isinstance(cpus, str) and cpus:
        if not _CPUS.fullmatch(cpus):
            yield f"kubelet.reservedSystemCPUs: no list of processors (it is {cpus!r}); use one such as 0-1,4"
        for name in ("systemReservedCgroup", "kubeReservedCgroup"):
            if fields.get(name):
                yield f"kubelet.reservedSystemCPUs: {name} is set, too; remove one of the two"
    known = set()
    for entry in _list(fields, "reservedMemory"):
        for resource, value in _table(entry, "limits").items():
            where = f"kubelet.reservedMemory: {resource} of NUMA node {entry.get('numaNode')}"
            if resource != "memory" and not str(resource).startswith("hugepages-"):
                yield f"{where} cannot be reserved; use memory or hugepages-2Mi"
            if amount(value) == 0:
                yield f"{where} is zero; remove it, or reserve some"
            if (entry.get("numaNode"), resource) in known:
                yield f"{where} is there twice; remove one"
            known.add((entry.get("numaNode"), resource))


def _enforced(fields: Fields) -> Iterator[str]:
    stated = fields.get("enforceNodeAllocatable", ["pods"])
    names = [name for name in stated if isinstance(name, str)] if isinstance(stated, (list, tuple)) else []
    where = "kubelet.enforceNodeAllocatable"
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"{where}: {name} is there twice; remove one"
    if "none" in names and len(set(names)) > 1:
        yield f"{where}: none stands beside others; remove it, or the others"
    for part in ("system", "kube"):
        whole = {f"{part}-reserved", f"{part}-reserved-compressible"} & set(names)
        if len(whole) == 2:
            yield f"{where}: {part}-reserved and {part}-reserved-compressible exclude each other; remove one"
        if whole and not fields.get(f"{part}ReservedCgroup"):
            yield f"{where}: {min(whole)} needs the cgroup; set {part}ReservedCgroup"
    if fields.get("cgroupsPerQOS") is False and set(names) - {"none"}:
        yield 'kubelet.cgroupsPerQOS: nothing is enforced without it; leave it on, or enforceNodeAllocatable = ["none"]'


def _managers(fields: Fields) -> Iterator[str]:
    if fields.get("cpuManagerPolicy") == "static" and not fields.get("reservedSystemCPUs"):
        reserved = [amount(_table(fields, name).get("cpu", 0)) for name in ("systemReserved", "kubeReserved")]
        if None not in reserved and not any(reserved):
            own = "static needs processors of its own"
            yield f"kubelet.cpuManagerPolicy: {own}; set systemReserved.cpu or reservedSystemCPUs"
    if (
        fields.get("memoryManagerPolicy") == "Static"
        and not fields.get("reservedMemory")
        and "evictionHard" not in fields
    ):
        yield "kubelet.memoryManagerPolicy: Static needs what is reserved of each NUMA node; set reservedMemory"
    factor = fields.get("memoryThrottlingFactor")
    if isinstance(factor, (int, float)) and not isinstance(factor, bool) and not 0 < factor <= 1:
        yield f"kubelet.memoryThrottlingFactor: out of bounds (it is {factor}); use more than 0, up to 1"
    users = _table(fields, "userNamespaces").get("idsPerPod")
    if isinstance(users, int) and (users < 65536 or users % 65536):
        yield f"kubelet.userNamespaces.idsPerPod: no multiple of 65536 (it is {users}); use one"


def _listeners(fields: Fields) -> Iterator[str]:
    ports = {name: fields.get(name, usual) for name, usual in _LISTENS.items()}
    owners: dict[int, str] = dict(_PORTS)
    for name, port in ports.items():
        if not isinstance(port, int) or isinstance(port, bool) or not port:
            continue
        if port in owners and (name in fields or owners[port].removeprefix("kubelet.") in fields):
            yield f"kubelet.{name}: {port} is the port of {owners[port]}; use another"
        owners.setdefault(port, f"kubelet.{name}")


def _taints(fields: Fields) -> Iterator[str]:
    where, known = "kubelet.registerWithTaints", set()
    for taint in _list(fields, "registerWithTaints"):
        key, value, effect = (taint.get(part, "") for part in ("key", "value", "effect"))
        if not isinstance(key, str) or not isinstance(value, str):
            continue
        prefix, _, name = key.rpartition("/")
        if not _NAME.fullmatch(name) or (("/" in key) and not _PREFIX.fullmatch(prefix)):
            yield f"{where}: no key of a taint (it is {key!r}); use one such as example.org/dedicated"
        if value and not _NAME.fullmatch(value):
            yield f"{where}: no value of a taint (it is {value!r}); use up to 63 letters, digits, -, _ and ."
        if not effect:
            yield f"{where}: {key!r} has no effect; use NoSchedule, PreferNoSchedule or NoExecute"
        if "timeAdded" in taint:
            yield f"{where}: timeAdded is for the API server; remove it"
        if (key, effect) in known:
            yield f"{where}: {key!r} is there twice with {effect}; remove one"
        known.add((key, effect))


def _sysctls(fields: Fields) -> Iterator[str]:
    unsafe = fields.get("allowedUnsafeSysctls")
    for where, names in (
        ("allowedUnsafeSysctls", unsafe if isinstance(unsafe, (list, tuple)) else ()),
        ("defaultPodSysctls", _table(fields, "defaultPodSysctls")),
    ):
        for name in names:
            if isinstance(name, str) and not (
                _SYSCTL.fullmatch(name) and _NAMESPACED.fullmatch(name.replace("/", ".").partition("*")[0])
            ):
                yield (
                    f"kubelet.{where}: pods have no sysctl of their own of this name (it is {name!r}); use names of "
                    "net., user., fs.mqueue., kernel.shm*, kernel.msg* and kernel.sem"
                )


def _logs(fields: Fields) -> Iterator[str]:
    if fields.get("enableSystemLogQuery") is True and fields.get("enableSystemLogHandler") is False:
        yield "kubelet.enableSystemLogQuery: needs enableSystemLogHandler; leave that on"
    path = fields.get("podLogsDir")
    if isinstance(path, str) and (not path.isascii() or not re.fullmatch(r"(/(?!\.{1,2}(/|$))[^/]+)+", path)):
        yield f"kubelet.podLogsDir: no plain absolute path (it is {path!r}); use one such as /var/log/pods"
    if _table(fields, "logging").get("format") == "json" and _table(fields, "logging").get("vmodule"):
        yield "kubelet.logging.vmodule: is for the format text; remove it, or the format"


def _table(fields: Fields, name: str) -> Fields:
    found = fields.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(fields: Fields, name: str) -> list[Fields]:
    found = fields.get(name)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, (list, tuple)) else []
