"""What preflight finds in the answers of hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.clusters import MODES, cluster, network, one_rack
from tests.unit.fit_answers import FIT
from underlay.model.routes import Routes
from underlay.plan.host_questions import left_tokens, probes, recorded_path, recorded_problems
from underlay.preflight.host_findings import judge
from underlay.resources.answer import Absent, Answer, Answered, Unknown

NAMES = ("cp-1", "w-1", "w-2")
QUERIED = dict.fromkeys(NAMES, (999.5, 1000.5))


def healthy(number: int) -> dict[str, Answer]:
    """The answers of a host that is fit; `number` is the last byte of its address."""
    links = [{"ifname": "eth0", "mtu": 1500, "addr_info": [{"local": f"192.0.2.{number}", "prefixlen": 24}]}]
    own = {"hostname": f"host-{number}", "machine-id": f"{number:032x}", "addresses": json.dumps(links)}
    return {name: Answered(line) if line else Absent() for name, line in (FIT | own).items()}


def answers(**changed: str | Answer) -> dict[str, dict[str, Answer]]:
    """Three fit hosts, and w-1's answers changed (underscores stand for dashes)."""
    found = {name: healthy(number) for number, name in enumerate(NAMES, start=1)}
    for key, said in changed.items():
        found["w-1"][key.replace("_", "-")] = Answered(said) if isinstance(said, str) else said
    return found


def findings(**changed: str | Answer) -> list[str]:
    return [f.line for f in judge(cluster(), network(), answers(**changed), queried=QUERIED)]


@pytest.mark.parametrize("mode", MODES)
def test_fit_hosts_are_fit_for_every_mode(mode: str) -> None:
    assert judge(one_rack(), network(mode), answers(), queried=QUERIED) == []


@pytest.mark.parametrize("mode", [m for m in MODES if network(m).needs_one_segment])
def test_a_router_between_nodes_is_reported_unless_something_announces_routes_to_it(mode: str) -> None:
    route = {"dst": "192.0.2.3", "gateway": "192.0.2.254", "dev": "eth0"}
    behind = answers(peers=json.dumps([route], separators=(",", ":")))
    assert [f.line for f in judge(one_rack(), network(mode), behind, queried=QUERIED)] == [
        f"w-1: {mode} needs all nodes on one segment, and 192.0.2.3 is behind the router 192.0.2.254; "
        "use a mode with an overlay, or correct the hosts' routes"
    ]
    assert judge(one_rack(routes=Routes.BGP), network(mode), behind, queried=QUERIED) == []


def test_of_two_hosts_alike_the_later_of_the_inventory_is_reported_whoever_answered_first() -> None:
    first, *others = reversed(answers(hostname="host-1").items())
    found = judge(cluster(), network(), dict([*others, first]), queried=QUERIED)
    assert [f.line for f in found] == ["w-1: has the same hostname as cp-1 (host-1); give every host its own name"]


@pytest.mark.parametrize(
    ("cpus", "memory", "ignored", "expected"),
    [
        ("2", "1700", (), []),
        ("1", "4000", (), ["cp-1: has 1 processor; a control-plane host needs 2"]),
        ("1", "4000", ("NumCPU",), []),
        ("1", "1699", ("all",), []),
        ("2", "1699", (), ["cp-1: too little memory (1699 MB); a control-plane host needs 1700 MB"]),
        ("2", "1699", ("mem",), []),
    ],
)
def test_what_kubeadm_wants_of_a_control_plane_host_alone(
    cpus: str, memory: str, ignored: tuple[str, ...], expected: list[str]
) -> None:
    found = answers(cpus="1")
    found["cp-1"] |= {"cpus": Answered(cpus), "memory": Answered(memory)}
    judged = judge(cluster(ignore_preflight_errors=ignored), network(), found, queried=QUERIED)
    assert [f.line for f in judged] == expected


def test_every_probe_that_is_judged_is_queried() -> None:
    queried = {p.name for p in probes(cluster(), network(), cluster().first)}
    assert queried == set(healthy(1))


def link(**changes: Any) -> str:
    base = {"ifname": "eth0", "mtu": 1500, "addr_info": [{"local": "192.0.2.2", "prefixlen": 24}]}
    return json.dumps([base | changes])


CASES: list[tuple[dict[str, str], str]] = [
    (
        {"user": "1000"},
        "the login is not root (uid 1000); log in as root by `ssh_user`, or set `_sudo` in the inventory",
    ),
    ({"system": "debian 10"}, "unsupported system debian 10; supported are debian 12/13, ubuntu 24.04"),
    (
        {"arch": "riscv64"},
        "is riscv64, and what is installed is built for x86_64 or aarch64; take a host that is x86_64 or aarch64",
    ),
    ({"kernel": "4.19.0"}, "kernel 4.19.0 is too old; the deploy needs 5.10 or newer"),
    ({"memory": "500"}, "too little memory (500 MB); a worker needs 900 MB"),
    (
        {"cgroup": "tmpfs"},
        "cgroup v1; the kubelet needs cgroup v2 since 1.35 (boot with systemd.unified_cgroup_hierarchy=1)",
    ),
    (
        {"swapon": "/etc/rc.local /etc/cron.d/swap"},
        "swap is turned on by /etc/rc.local and /etc/cron.d/swap, which a deploy leaves as it is; take the line with swapon "
        "out",
    ),
    ({"disk": "Avail 100"}, "too little space in /var/lib (100 MB free); 2048 MB are needed"),
    ({"hostname": "host-1"}, "has the same hostname as cp-1 (host-1); give every host its own name"),
    ({"clock": "5000.5"}, "its clock is +4000 s off the other hosts'; set up time synchronisation"),
    ({"ports": 'tcp10250 users:(("nginx",pid=7,fd=3));'}, "tcp 10250 is taken by nginx (pid 7); stop it"),
    ({"addresses": "[]"}, "no link has the address 192.0.2.2; correct the inventory's address"),
    (
        {"addresses": link(mtu=1400)},
        "link eth0 has MTU 1400, below path_mtu 1500; lower path_mtu or raise the link's",
    ),
    (
        {"cni": "05-other.conflist calico-kubeconfig 10-other.conflist.bak"},
        "has a CNI configuration not managed by Underlay (05-other.conflist); remove it from /etc/cni/net.d",
    ),
    (
        {"addresses": json.dumps([{"ifname": "cilium_host", "mtu": 1500}, *json.loads(link())])},
        "has link cilium_host, as cilium-bgp creates it; remove the plugin that created it, then `ip link delete cilium_host`",
    ),
    (
        {"resolver": "loop"},
        "/etc/resolv.conf names only loopback addresses, which in a pod are the pod's own; name a server that pods "
        "reach, or use systemd-resolved",
    ),
    (
        {"occupied": "/etc/kubernetes/kubelet.conf file - 0 2025-03-01;"},
        "is a member of a cluster not managed by Underlay (/etc/kubernetes/kubelet.conf of 2025-03-01 exists); take the "
        "host out of the inventory, or move away what is left of it: mv /etc/kubernetes /etc/kubernetes.old",
    ),
    (
        {"pki": "/etc/kubernetes/pki/ca.crt 0123456789abcdef;"},
        "has /etc/kubernetes/pki/ca.crt of another cluster, in a join's way; move it away: "
        "mv /etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/ca.crt.old",
    ),
    (
        {"name_servers": "/etc/resolv.conf;/etc/resolv.conf;"},
        "/etc/resolv.conf names no name server; name a server that pods reach: CoreDNS does not start without one",
    ),
    (
        {"name_servers": "/etc/resolv.conf dns.example;"},
        "/etc/resolv.conf names no name server (dns.example is no address); name a server that pods reach: CoreDNS does "
        "not start without one",
    ),
    (
        {"name_servers": "/run/systemd/resolve/resolv.conf;/etc/resolv.conf 127.0.0.53;"},
        "/run/systemd/resolve/resolv.conf names no name server; name a server that pods reach (DNS= in systemd-resolved's "
        "configuration): CoreDNS does not start without one",
    ),
    (
        {"name_servers": "/run/systemd/resolve/resolv.conf 127.0.0.1;/etc/resolv.conf 127.0.0.53;"},
        "/run/systemd/resolve/resolv.conf names only loopback addresses, which in a pod are the pod's own; name a server "
        "that pods reach (DNS= in systemd-resolved's configuration)",
    ),
    (
        {"name_servers": "/etc/resolv.conf fe80::1%eth0;"},
        "/etc/resolv.conf names only link-local addresses (fe80::1%eth0); name a server that pods reach",
    ),
    (
        {"controllers": "cpuset cpu io hugetlb pids"},
        "cgroup v2 without memory, which the kubelet needs; enable them in the kernel's command line (boot with "
        "cgroup_enable=memory)",
    ),
    (
        {"controllers": "io memory"},
        "cgroup v2 without cpu, cpuset and pids, which the kubelet needs; enable them in the kernel's command line",
    ),
    (
        {"mounts": "/etc ro,relatime;/opt/cni/bin rw;/var/lib/etcd ro;"},
        "/etc and /var/lib/etcd cannot be written (ro); mount it read-write",
    ),
    (
        {"mounts": "/opt/cni/bin rw,nosuid,noexec;/tmp rw,noexec;"},
        "/opt/cni/bin is mounted noexec, and programs run there; remount it with exec",
    ),
    (
        {"mounts": "/var/lib/kubelet rw,noexec;"},
        "/var/lib/kubelet is mounted noexec, and pods run no program from a volume there; remount it with exec",
    ),
    ({"inodes": "Inodes IFree 65536 900"}, "too few inodes in /var/lib (900 free); images need 20000: remove files"),
    ({"tmp": "Avail 3"}, "too little space in /tmp (3 MB free); 32 MB are needed: remove files there"),
]


@pytest.mark.parametrize(("changed", "line"), CASES)
def test_says_what_is_wrong_with_a_host(changed: dict[str, str], line: str) -> None:
    assert findings(**changed) == [f"w-1: {line}"]


def judged_on(machine: str, **artifacts: Any) -> list[str]:
    answers = {"w-1": healthy(2) | {"arch": Answered(machine)}}
    return [f.line for f in judge(cluster(), network(), answers, queried=QUERIED, **artifacts)]


def test_hosts_of_either_architecture_are_fit_for_what_is_published() -> None:
    assert judged_on("aarch64") == judged_on("x86_64") == []


def test_a_bundle_is_for_hosts_of_its_own_architecture() -> None:
    assert judged_on("aarch64", architectures=("arm64",)) == []
    assert judged_on("aarch64", architectures=("amd64",)) == [
        "w-1: is aarch64, and what is installed is built for x86_64; take a host that is x86_64"
    ]


def test_a_host_whose_commands_are_not_published_hears_which() -> None:
    lacking = {"arm64": "https://get.helm.sh/x.sha256sum: cannot be downloaded (HTTP status 404)"}
    assert judged_on("x86_64", lacking=lacking) == []
    assert judged_on("aarch64", lacking=lacking) == [
        f"w-1: is aarch64, and its commands cannot be had: {lacking['arm64']}"
    ]


@pytest.mark.parametrize("probe", healthy(2))
def test_nothing_is_concluded_from_what_was_not_answered(probe: str) -> None:
    assert findings(**{probe: Unknown("it broke off")}) == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["192.0.2.2", "10.0.0.0/8", "eth0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ifname", "mtu", "addr_info", "local", "prefixlen", "dst", "gateway", "dev", "type", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
LINE = (
    st.text(max_size=30)
    | JSON.map(json.dumps)
    | st.lists(JSON, max_size=3).map(json.dumps)
    | st.from_regex(r"(member|started) [a-z ]{0,9}|[0-9]{1,9}[.][0-9]{1,3}|Avail [0-9]+|(tcp[0-9]+ [^;]*;){1,3}")
    | st.sampled_from(["ConfigMap {};;", "ConfigMap [];;", "ConfigMap ;;Path ;;", "Secret ;;", "Path 1e9;;", "loop"])
)


@settings(max_examples=300, deadline=None)
@given(said=st.dictionaries(st.sampled_from(sorted(healthy(2))), LINE, min_size=1, max_size=4))
def test_whatever_a_host_says_is_judged_or_unknown(said: dict[str, str]) -> None:
    asked_for = {p.name: p for p in probes(cluster(), network(), cluster().first)}
    changed = {name: asked_for[name].read(Answered(line)) for name, line in said.items() if line.strip()}
    found = judge(cluster(), network(), answers(**changed), queried=QUERIED)
    assert all("\n" not in f.measured for f in found if f.code != "other-cluster")
    match changed.get("recorded"):
        case Answered(line):
            recorded_problems(line, {"network": {"mode": "plain"}})
            recorded_path(line)
            left_tokens(line)
