"""A host's root as data, for both layouts of control groups."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underlay.lab.host import hostplan, steps
from underlay.lab.host.keeper import KeeperPlan
from underlay.lab.host.steps import MountStep, SymlinkStep
from underlay.lab.host.syscalls import MS_BIND, MS_RDONLY, MS_REMOUNT
from underlay.lab.model.paths import NodePaths
from underlay.lab.model.topology import Lab
from underlay.lab.system.machine import Hierarchy, Machine

TOP = Path("/sys/fs/cgroup")
UNIFIED = Machine("6.12.0", "x86_64", (Hierarchy(TOP, unified=True),), Path("/lib/modules/6.12.0"))
HYBRID = Machine(
    "6.18.0",
    "x86_64",
    (
        Hierarchy(TOP / "cpu,cpuacct", ("cpu", "cpuacct")),
        Hierarchy(TOP / "systemd", ("name=systemd",)),
        Hierarchy(TOP / "unified", unified=True),
    ),
    None,
)
LAB = Lab(mounts={"/opt/bundle": "/srv/bundle"})


def plan(machine: Machine) -> KeeperPlan:
    at = NodePaths(Path("/state/labs/lab/nodes/cp-1"))
    return hostplan.make(LAB, LAB.nodes[0], at, machine=machine, image=Path("/image"), modules=Path("/modules"))


def control_groups(machine: Machine) -> list[steps.Step]:
    return [
        step
        for step in steps.load(plan(machine)["steps"])
        if (isinstance(step, MountStep) and step.target.startswith(str(TOP)))
        or (isinstance(step, SymlinkStep) and step.path.startswith(str(TOP)))
    ]


@pytest.mark.parametrize("machine", [UNIFIED, HYBRID])
def test_a_plan_survives_serialisation(machine: Machine) -> None:
    made = plan(machine)
    assert steps.dump(steps.load(json.loads(json.dumps(made))["steps"])) == made["steps"]


def test_a_unified_machine_gives_one_delegated_tree() -> None:
    (mount,) = control_groups(UNIFIED)
    assert isinstance(mount, MountStep)
    assert (mount.target, mount.kind) == ("/sys/fs/cgroup", "cgroup2")


def test_a_hybrid_machine_gives_every_hierarchy_and_then_closes_the_top() -> None:
    found = control_groups(HYBRID)
    mounts = [(step.target.removeprefix(str(TOP)), step.data) for step in found if isinstance(step, MountStep)]
    assert mounts == [
        ("", "mode=755"),
        ("/cpu,cpuacct", "cpu,cpuacct"),
        ("/systemd", "none,name=systemd"),
        ("/unified", ""),
        ("", "mode=755"),
    ]
    assert [(step.path, step.to) for step in found if isinstance(step, SymlinkStep)] == [
        (f"{TOP}/cpu", "cpu,cpuacct"),
        (f"{TOP}/cpuacct", "cpu,cpuacct"),
    ]
    last = found[-1]
    assert isinstance(last, MountStep)
    assert last.flags & (MS_REMOUNT | MS_RDONLY) == MS_REMOUNT | MS_RDONLY


def test_mounts_are_read_only() -> None:
    assert MountStep("/srv/bundle", "/opt/bundle", flags=MS_BIND | MS_RDONLY) in steps.load(plan(UNIFIED)["steps"])


def test_keeper_and_host_are_sibling_groups() -> None:
    made = plan(HYBRID)
    assert made["keeper_groups"] == [f"{h.mountpoint}/underlay/lab/cp-1/keeper" for h in HYBRID.hierarchies]
    assert made["host_groups"] == [f"{h.mountpoint}/underlay/lab/cp-1/host" for h in HYBRID.hierarchies]


def test_data_directories_are_no_overlay() -> None:
    binds = {
        step.target: step.source
        for step in steps.load(plan(UNIFIED)["steps"])
        if isinstance(step, MountStep) and step.flags == MS_BIND
    }
    assert binds == {
        f"/var/lib/{name}": f"/state/labs/lab/nodes/cp-1/volumes/{name}" for name in ("containerd", "kubelet", "etcd")
    }
