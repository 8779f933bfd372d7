"""One host: boot it, and check whether it is up."""

import json
from pathlib import Path

from underlay.lab.model.errors import LabError
from underlay.lab.model.paths import LabPaths, NodePaths
from underlay.lab.model.topology import Lab, LabNode
from underlay.lab.system import reach
from underlay.lab.system.locks import lock
from underlay.lab.system.machine import Machine

from . import cgroups, detached, disk, hostplan, router, steps
from .keeper import KeeperPlan

BOOT_TIMEOUT_S = 300.0  # usually 1.5 s, but 150 s for three hosts at once on an emulated machine


def boot(lab: Lab, node: LabNode, *, machine: Machine, image: Path, modules: Path) -> None:
    """Boot a host, with its existing disk, if nothing runs in it; wait until it answers on SSH.

    :raises LabError: when it cannot be started or does not answer.
    """
    at = LabPaths.of(lab.name)
    with lock(f"lab-{lab.name}.{node.name}"):
        started = not cgroups.alive(machine, lab.name, node.name)
        if started:
            cgroups.remove(machine, lab.name, node.name)
            router.plug(lab, node)
            disk.prepare(lab, node, at)
            cgroups.prepare(machine, lab.name, node.name, memory=lab.memory)
            files = at.node(node.name)
            plan = hostplan.make(lab, node, files, machine=machine, image=image, modules=modules)
            files.plan.write_text(json.dumps(plan), encoding="utf-8")
            detached.start("underlay.lab.host.keeper", files.plan, console=files.console, what=node.name)
        else:
            _refuse_other_mounts(lab, node, at.node(node.name))

        def alive() -> bool:
            return cgroups.alive(machine, lab.name, node.name)

        if not reach.wait(node.address, alive=alive, timeout=BOOT_TIMEOUT_S):
            what = (
                f"no SSH banner on {node.address}:22 after {BOOT_TIMEOUT_S:.0f} s" if alive() else "ended while booting"
            )
            if started:  # a host that was up before this command is left as it is
                cgroups.kill(machine, lab.name, node.name)
            raise LabError(f"{node.name}: {what}; its console says: {detached.tail(at.node(node.name).console)}")


def is_up(lab: Lab, node: LabNode, *, machine: Machine) -> bool:
    """Return whether a host is up and answers on SSH; changes nothing."""
    return cgroups.alive(machine, lab.name, node.name) and reach.answers(node.address)


def _refuse_other_mounts(lab: Lab, node: LabNode, files: NodePaths) -> None:
    plan: KeeperPlan = json.loads(files.plan.read_text(encoding="utf-8"))
    for mount, row in zip(hostplan.host_mounts(lab), steps.dump([*hostplan.host_mounts(lab)]), strict=True):
        if row not in plan["steps"]:
            raise LabError(
                f"{node.name}: is up without the mount of {mount.source} at {mount.target}; "
                f"take the lab down first, `underlay lab down --name {lab.name}`"
            )
