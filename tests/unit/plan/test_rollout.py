"""Which changes restart something, which ones pods notice, and in which steps nodes get them."""

from __future__ import annotations

import pytest

from tests.unit.clusters import PaperArtifacts, cluster, groups, high_available, hosts, node, spec
from underlay.inventory.rollout_settings import RolloutSettings
from underlay.inventory.spec import read_spec
from underlay.model.node import Role
from underlay.plan.host_plan import plan_of
from underlay.plan.rollout import PHASES, batches, pods_notice, restarts, upgrade_batches
from underlay.resources.file import File
from underlay.resources.resource import Resource


def steps(names: set[str], **settings: object) -> list[str]:
    nodes = (node("cp-1", 1, role=Role.CONTROL_PLANE), *(node(f"w-{n}", n + 10) for n in range(1, 9)))
    return list(map(str, batches(cluster(nodes=nodes), RolloutSettings(**settings), names)))  # type: ignore[arg-type]


def test_the_canary_goes_first_then_batches_then_the_control_plane() -> None:
    everybody = {"cp-1", *(f"w-{n}" for n in range(1, 9))}
    assert steps(everybody, canary=["w-3"]) == ["w-3 (canary)", "w-1, w-2", "w-4, w-5", "w-6, w-7", "w-8", "cp-1"]
    assert steps(everybody, batch=100) == ["w-1, w-2, w-3, w-4, w-5, w-6, w-7, w-8", "cp-1"]
    assert steps(everybody, batch="50%", canary=["w-8", "w-7"])[0] == "w-8, w-7 (canary)"


def test_only_nodes_with_changes_have_a_turn() -> None:
    assert steps({"w-2", "w-5"}, canary=["w-3"]) == ["w-2, w-5"]
    assert steps(set()) == []


def test_no_two_control_plane_hosts_are_changed_at_once() -> None:
    made = read_spec(*high_available(rollout={"batch": "100%", "canary": ["cp-2", "cp-3"]}))
    found = batches(made.cluster, made.rollout, {"cp-1", "cp-2", "cp-3", "w-1"})
    assert list(map(str, found)) == ["cp-2 (canary)", "cp-3 (canary)", "w-1", "cp-1"]


def test_an_upgrade_begins_at_the_first_control_plane_host_whatever_the_canaries() -> None:
    made = read_spec(*high_available(rollout={"canary": ["cp-2", "w-1"]}))
    found = upgrade_batches(made.cluster, made.rollout, {"cp-1", "cp-2", "cp-3", "w-1"})
    assert list(map(str, found)) == ["cp-1", "cp-2", "cp-3", "w-1 (canary)"]


def resources() -> dict[str, Resource]:
    made = spec(kubelet={"maxPods": 50, "maxOpenFiles": 5000})
    plan = plan_of(made, "w-1", PaperArtifacts())
    return {r.name: r for phase in PHASES for r in plan.of(phase)}


@pytest.mark.parametrize(
    ("changed", "units"),
    [
        ("/etc/containerd/config.toml", ["containerd.service"]),
        ("/usr/local/bin/containerd", ["containerd.service"]),
        ("/etc/systemd/system/kubelet.service", ["kubelet.service"]),
        ("/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", ["kubelet.service"]),
        ("/etc/kubernetes/kubelet.conf.d/10-underlay.conf", ["kubelet.service"]),
        ("/etc/kubernetes/kubelet.conf.d/20-underlay-pods.conf", ["kubelet.service"]),
        ("/usr/local/bin/kubelet", ["kubelet.service"]),
        ("/etc/systemd/networkd.conf.d/10-underlay.conf", ["systemd-networkd.service"]),
        ("/usr/local/bin/kubeadm", []),
        ("/opt/cni/bin/bridge", []),
        ("net.ipv4.ip_forward", []),
        ("containerd.service", ["containerd.service"]),
    ],
)
def test_tells_what_a_change_restarts(changed: str, units: list[str]) -> None:
    known = resources()
    assert restarts([known[changed]], list(known.values())) == units


PODS_FILE = "/etc/kubernetes/kubelet.conf.d/20-underlay-pods.conf"


@pytest.mark.parametrize(
    ("changed", "line", "noticed"),
    [
        (PODS_FILE, "644 root:root 0000", True),
        (PODS_FILE, "absent", True),
        ("/usr/local/bin/kubelet", "0000", True),
        ("/etc/kubernetes/kubelet.conf.d/10-underlay.conf", "absent", False),
        ("/etc/containerd/config.toml", "644 root:root 0000", False),
        ("/usr/local/bin/containerd", "0000", False),
    ],
)
def test_tells_what_pods_notice(changed: str, line: str, *, noticed: bool) -> None:
    assert pods_notice([(resources()[changed], line)]) is noticed


def test_a_first_file_without_settings_is_noticed_by_no_pod() -> None:
    plan = plan_of(read_spec(hosts(), groups()), "w-1", PaperArtifacts())
    [file] = [r for r in plan.resources if isinstance(r, File) and r.path == PODS_FILE]
    assert not pods_notice([(file, "absent")])
