"""Virtual machines of a lab: boot them on their racks, end them. What is not ended here ends with the lab."""

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

BOOT_TIMEOUT_S = 300.0  # 40 s on two quiet cores; emulation is as slow as the machine is busy


def up(lab: Lab, guests: Sequence[LabNode], *, carried: Mapping[str, Path] = MappingProxyType({})) -> None:
    """Have virtual machines of a lab up, all at once; the lab has to be up itself.

    :param carried: files of this machine that each starts with a copy of, `{path in the machine: path here}`.
    """
    machine = this_machine()
    with lock(f"lab-{lab.name}", shared=True, by_children=True):
        if record.read(lab.name) is None:
            raise LabError(f"lab {lab.name} is not up, and its virtual machines stand on its racks")
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
    """Switch one off, and forget what it wrote to its disk."""
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
        at.plan.write_text(json.dumps(_plan(lab, node, at, machine, image)))
        detached.start("underlay.lab.vm.launcher", at.plan, console=at.console, what=node.name)
    if not reach.wait(node.address, alive=alive, timeout=BOOT_TIMEOUT_S):
        what = f"does not answer on {node.address}:22 after {BOOT_TIMEOUT_S:.0f} s" if alive() else "died"
        if started:  # what was up before this command is not this command's to end
            cgroups.kill(machine, lab.name, node.name)
        raise LabError(f"{node.name} {what}; its console: {detached.tail(at.console)}")


def _plan(lab: Lab, node: LabNode, at: GuestPaths, machine: Machine, image: GuestImage) -> LauncherPlan:
    return LauncherPlan(
        groups=cgroups.directories(machine, lab.name, node.name, cgroups.HOST),
        network=str(namespaces.path(naming.router(lab.name))),
        scratch=str(at.root),
        command=emulator.command(node, at, image, tap=node.name),
    )


def _plug(lab: Lab, node: LabNode) -> None:
    """Give the machine its port on its rack's switch."""
    batch(
        [f"tuntap add {node.name} mode tap", f"link set {node.name} master {naming.bridge(node.rack)} up"],
        namespace=naming.router(lab.name),
    )


def _clear(lab: Lab, node: LabNode, machine: Machine) -> None:
    cgroups.remove(machine, lab.name, node.name)
    router.unplug(lab.name, node.name)
