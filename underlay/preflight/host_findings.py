"""What the hosts' answers to preflight mean: what is wrong with each, and what cannot be true of two at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from underlay.findings.finding import Finding, Problems, of_host
from underlay.load_balancers.settings import LoadBalancerSettings
from underlay.machines import ARCHITECTURES, MACHINES
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.networks.network import Network
from underlay.plan.clocks import Offset, apart
from underlay.plan.host_questions import HostAnswers
from underlay.resources.answer import Answered

from .address_findings import address_problems
from .etcd_findings import left_members
from .ground_findings import ground_problems
from .kubeadm_findings import is_ignored
from .membership_findings import membership_problems
from .occupation_findings import occupation_problems
from .outside_findings import endpoint_differences, surrounding_problems
from .proxy_findings import proxy_problems
from .source_findings import source_problems

# kubeadm's own minimum for a control-plane host: constants.go, ControlPlaneMem and ControlPlaneNumCPU.
MEMORY_MB = {True: 1700, False: 900}
CONTROL_PLANE_CPUS = 2
DISK_MB = 2048
SYSTEMS = {"debian": ("12", "13"), "ubuntu": ("24.04",)}
NFTABLES_SINCE = (5, 13)  # kube-proxy in nftables mode, KEP-3866
KERNEL_SINCE = (5, 10)  # the oldest that a supported distribution has


def judge(
    cluster: Cluster,
    network: Network,
    answers: Mapping[str, HostAnswers],
    *,
    queried: Mapping[str, tuple[float, float]],
    architectures: Collection[str] = ARCHITECTURES,
    lacking: Mapping[str, str] = MappingProxyType({}),
    path_stated: bool = True,
    load_balancer: LoadBalancerSettings | None = None,
    firewalled: Collection[str] = (),
) -> list[Finding]:
    """Everything that is wrong with the hosts themselves, in no order of gravity.

    It is silent about what was not answered; see `unanswered_findings`.

    :param answers: host name -> name of the probe -> what the host said.
    :param queried: node name -> when it was queried and when it had answered, in seconds of the controller's clock.
    :param architectures: what commands and images are published or built for, as Go spells it.
    :param lacking: architecture -> why its commands cannot be had after all.
    :param path_stated: whether the inventory states path_mtu; otherwise it follows from links and paths.
    :param firewalled: hosts with a firewall that the deploy opens for the addresses of nodes.
    """
    found = [of_host(code, name, text) for name, given in answers.items() for code, text in _login(given)]
    for node in cluster.nodes:
        if node.name in answers:
            first = answers.get(cluster.first.name, answers[node.name])
            problems = [
                *_host(cluster, network, node, answers[node.name], first, path_stated),
                *membership_problems(cluster, node, answers[node.name], first, everybody=answers),
                *surrounding_problems(cluster, load_balancer, answers[node.name], first),
                *source_problems(cluster, node, answers[node.name], firewalled=firewalled),
            ]
            found += (of_host(code, node.name, text) for code, text in problems)
            found += (
                of_host(code, node.name, text)
                for code, text in _architecture(answers[node.name], architectures, lacking)
            )
    ends = {name: a.line for name, given in answers.items() if isinstance(a := given.get("endpoint"), Answered)}
    found += (of_host(*differing) for differing in endpoint_differences(cluster, ends))
    found += (of_host(code, host, text) for code, host, text in left_members(cluster, answers))
    # Hosts answer in any order; of two with the same name the later one in the inventory is reported.
    names = [n.name for n in cluster.nodes if n.name in answers]
    ordered = {name: answers[name] for name in dict.fromkeys([*names, *answers])}
    found += (of_host(code, host, text) for code, host, text in _between(ordered, queried))
    return found


def _host(
    cluster: Cluster, network: Network, node: Node, answers: HostAnswers, first: HostAnswers, path_stated: bool
) -> Problems:
    yield from _system(cluster, network, answers)
    yield from _capacity(cluster, node, answers)
    yield from _resolver(answers)
    yield from ground_problems(cluster, answers)
    yield from address_problems(cluster, network, node, answers, first, path_stated=path_stated)
    yield from occupation_problems(cluster, network, node, answers, first)
    yield from proxy_problems(cluster, answers)


def _login(answers: HostAnswers) -> Problems:
    match answers["user"]:
        case Answered(line) if line != "0":
            yield (
                "login-not-root",
                f"the login is not root (uid {line}); log in as root by `ssh_user`, or set `_sudo` in the inventory",
            )


def _architecture(answers: HostAnswers, architectures: Collection[str], lacking: Mapping[str, str]) -> Problems:
    match answers["arch"]:
        case Answered(line):
            arch = next((arch for arch in architectures if MACHINES[arch] == line), None)
            if arch is None:
                needed = " or ".join(MACHINES[arch] for arch in architectures)
                yield (
                    "architecture-other",
                    f"is {line}, and what is installed is built for {needed}; take a host that is {needed}",
                )
            elif arch in lacking:
                yield "architecture-other", f"is {line}, and its commands cannot be had: {lacking[arch]}"


def _system(cluster: Cluster, network: Network, answers: HostAnswers) -> Problems:
    match answers["system"]:
        case Answered(line):
            system, _, version = line.partition(" ")
            if version not in SYSTEMS.get(system, ()):
                yield "system-unsupported", f"unsupported system {line}; supported are {_systems()}"
    match answers["kernel"]:
        case Answered(line):
            release = tuple(int("".join(c for c in part if c in "0123456789") or 0) for part in line.split(".")[:2])
            for since, who in _kernels(cluster, network):
                if release < since:
                    needed = ".".join(map(str, since))
                    yield "kernel-too-old", f"kernel {line} is too old; {who} needs {needed} or newer"
                    break
    match answers["cgroup"]:
        case Answered(line) if line != "cgroup2fs" and cluster.kubelet.get("failCgroupV1", True):
            yield (
                "cgroup-v1",
                "cgroup v1; the kubelet needs cgroup v2 since 1.35 (boot with systemd.unified_cgroup_hierarchy=1)",
            )


def _capacity(cluster: Cluster, node: Node, answers: HostAnswers) -> Problems:
    needed, who = MEMORY_MB[node.is_control_plane], "control-plane host" if node.is_control_plane else node.role
    match answers["memory"]:
        case Answered(line) if float(line) < needed and not is_ignored(cluster, "Mem"):
            yield "memory-small", f"too little memory ({line} MB); a {who} needs {needed} MB"
    match answers["cpus"]:
        case Answered(line) if node.is_control_plane and float(line) < CONTROL_PLANE_CPUS:
            if not is_ignored(cluster, "NumCPU"):
                yield "cpus-few", f"has {line} processor; a {who} needs {CONTROL_PLANE_CPUS}"
    match answers["disk"]:
        case Answered(line) if float(line.split()[-1]) < DISK_MB:
            free = line.split()[-1]
            yield "disk-full", f"too little space in /var/lib ({free} MB free); {DISK_MB} MB are needed"


def _resolver(answers: HostAnswers) -> Problems:
    match answers["resolver"]:
        case Answered("loop"):
            loop = "/etc/resolv.conf names only loopback addresses, which in a pod are the pod's own"
            yield "resolver-loop", f"{loop}; name a server that pods reach, or use systemd-resolved"
        case Answered("missing"):
            missing = "/etc/resolv.conf is missing or a dangling symlink"
            yield "resolver-missing", f"{missing}; create it: without it the kubelet starts no pod"


def _kernels(cluster: Cluster, network: Network) -> Iterator[tuple[tuple[int, int], str]]:
    yield KERNEL_SINCE, "the deploy"
    yield network.traits.kernel_since, network.mode
    if cluster.kube_proxy_mode == "nftables" and not network.replaces_kube_proxy:
        yield NFTABLES_SINCE, "kube-proxy in nftables mode"


def _systems() -> str:
    return ", ".join(f"{name} {'/'.join(versions)}" for name, versions in SYSTEMS.items())


def _between(
    answers: Mapping[str, HostAnswers], queried: Mapping[str, tuple[float, float]]
) -> Iterator[tuple[str, str, str]]:
    """Code, host and sentence of what is wrong between hosts: names and IDs that two have, clocks that disagree."""
    for probe, remedy in (
        ("hostname", "give every host its own name"),
        ("machine-id", "run systemd-machine-id-setup after removing /etc/machine-id"),
    ):
        first: dict[str, str] = {}
        for name, given in answers.items():
            match given[probe]:
                case Answered(line):
                    if line in first:
                        yield f"{probe}-duplicate", name, f"has the same {probe} as {first[line]} ({line}); {remedy}"
                    first.setdefault(line, name)
    offsets = {}
    for name, given in answers.items():
        match given["clock"]:
            case Answered(line) if name in queried:
                began, ended = queried[name]
                offsets[name] = Offset.of(float(line), sent=began, received=ended)
    for name, problem in apart(offsets).items():
        yield "clock-off", name, problem
