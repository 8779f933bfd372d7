"""Boots and ends virtual machines of a lab; those still running end with the lab."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from underlay.lab import record
from underlay.lab.host import cgroups, detached, namespaces, router
from underlay.lab.model import naming
from underlay.lab.model.errors import LabError
from underlay.lab.model.topology import Lab, LabNode
from underlay.lab.system import reach
from underlay.lab.system.commands import batch
from underlay.lab.system.locks import lock
from underlay.lab.system.machine import Machine, this_machine
from underlay.lab.system.progress import slow

from . import emulator, seed
from .guest import GuestPaths, files
from .image import GuestImage, base
from .launcher import LauncherPlan

BOOT_TIMEOUT_S = 300.0  # usually 40 s on two idle cores; longer on a busy machine


def up(lab: Lab, guests: Sequence[LabNode], *, carried: Mapping[str, Path] = MappingProxyType({})) -> None:
    """Boot virtual machines of a lab in parallel; the lab must be up.

    :param carried: files that are copied into each machine, `{path in the machine: path here}`.
    :raises LabError: with all failures, after the other machines are booted.
    """
    machine = this_machine()
    with lock(f"lab-{lab.name}", shared=True, by_children=True):
        if record.read(lab.name) is None:
            raise LabError(f"lab {lab.name}: not up; run `underlay lab up --name {lab.name}` first")
        image = base(machine)

        def attempt(node: LabNode) -> str | None:
            try:
                with lock(f"lab-{lab.name}.{node.name}"):
                    _boot(lab, node, machine, image, carried)
            except (LabError, OSError) as error:
                return str(error)
            return None

        names = ", ".join(node.name for node in guests)
        with slow(f"booting {names}"), ThreadPoolExecutor(len(guests)) as pool:
            failed = [failure for failure in pool.map(attempt, guests) if failure]
    if failed:
        raise LabError("; ".join(failed))


def down(lab: Lab, node: LabNode) -> None:
    """End a virtual machine and discard what it wrote to its disk."""
    machine = this_machine()
    with lock(f"lab-{lab.name}", shared=True, by_children=True), lock(f"lab-{lab.name}.{node.name}"):
        cgroups.kill(machine, lab.name, node.name)
        _clear(lab, node, machine)


def _boot(lab: Lab, node: LabNode, machine: Machine, image: GuestImage, carried: Mapping[str, Path]) -> None:
    at = files(lab, node)

    def alive() -> bool:
        return cgroups.alive(machine, lab.name, node.name)

    started = not alive()
    if started:
        _clear(lab, node, machine)
        seed.write(lab, node, at, carried=carried)
        cgroups.prepare(machine, lab.name, node.name, memory=None)
        _plug(lab, node)
        at.plan.write_text(json.dumps(_plan(lab, node, at, machine, image)), encoding="utf-8")
        detached.start("underlay.lab.vm.launcher", at.plan, console=at.console, what=node.name)
    if not reach.wait(node.address, alive=alive, timeout=BOOT_TIMEOUT_S):
        what = f"no SSH banner on {node.address}:22 after {BOOT_TIMEOUT_S:.0f} s" if alive() else "ended while booting"
        if started:  # a machine that was up before this command is left as it is
            cgroups.kill(machine, lab.name, node.name)
        raise LabError(f"{node.name}: {what}; its console says: {detached.tail(at.console)}")


def _plan(lab: Lab, node: LabNode, at: GuestPaths, machine: Machine, image: GuestImage) -> LauncherPlan:
    return LauncherPlan(
        groups=cgroups.directories(machine, lab.name, node.name, cgroups.HOST),
        network=str(namespaces.path(naming.router(lab.name))),
        scratch=str(at.root),
        command=emulator.command(node, at, image, tap=node.name),
    )


def _plug(lab: Lab, node: LabNode) -> None:
    """Create the machine's port on its rack's switch."""
    batch(
        [f"tuntap add {node.name} mode tap", f"link set {node.name} master {naming.bridge(node.rack)} up"],
        namespace=naming.router(lab.name),
    )


def _clear(lab: Lab, node: LabNode, machine: Machine) -> None:
    cgroups.remove(machine, lab.name, node.name)
    router.unplug(lab.name, node.name)
