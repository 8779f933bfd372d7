"""A whole lab: up, down, and how it is. Every step may be repeated, and cleans what a killed one left."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from underlay.lab.host import cgroups, kmodules, namespaces, node, router
from underlay.lab.model import paths
from underlay.lab.model.errors import LabError
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab, LabNode
from underlay.lab.system import keys, reach
from underlay.lab.system.commands import run
from underlay.lab.system.locks import forget, lock
from underlay.lab.system.machine import Machine, this_machine
from underlay.lab.system.progress import slow

from . import borrowed, image, record


@dataclass(frozen=True)
class HostStatus:
    """How one host is: `up` answers, `silent` runs and does not, `off` runs nothing."""

    name: str
    rack: str
    address: str
    state: str


@dataclass(frozen=True)
class _Ground:
    """What every host of a lab stands on."""

    machine: Machine
    image: Path
    modules: Path


def up(lab: Lab) -> None:
    """Have every host of a lab up; LabError tells of all that failed, after the others are done."""
    this_machine()
    with _one_line(), lock(_lock(lab), shared=True, by_children=True):
        ground = _prepare(lab)
        with slow(f"booting {len(lab.nodes)} hosts"), ThreadPoolExecutor(len(lab.nodes)) as pool:
            failed = [failure for failure in pool.map(lambda host: _attempt(lab, host, ground), lab.nodes) if failure]
    if failed:
        raise LabError("; ".join(failed))


def boot(lab: Lab, name: str) -> None:
    """Have one host of a lab up, with the router and whatever else it needs."""
    with _one_line():
        host = lab.node(name)
        if record.covers(lab) and node.is_up(lab, host, machine=this_machine()):
            return
        with lock(_lock(lab), shared=True, by_children=True):
            ground = _prepare(lab)
            with slow(f"booting {name}", end=False):
                failures = [failure for each in lab.way_to(host) if (failure := _attempt(lab, each, ground))]
    if failures:
        raise LabError("; ".join(failures))


def prepare_image() -> Path:
    """Have the base image and the module list, so that the first boot is as quick as any."""
    with _one_line():
        machine = this_machine()
        kmodules.directory(machine)
        return image.base()


def down(name: str) -> bool:
    """End a lab and remove everything it made but the images; False if there was nothing."""
    with _one_line():
        machine = this_machine()
        if name not in names():
            borrowed.give_back(machine)
            return False
        lab = Lab(name)
        with lock(_lock(lab), by_children=True), slow(f"taking lab {name} down"):
            cgroups.kill(machine, name)
            for namespace in namespaces.of_lab(name):
                namespaces.remove(namespace)
            router.remove(name)
            cgroups.remove(machine, name)
            run("rm", "-rf", "--one-file-system", str(LabPaths.of(name).root), timeout=600)
            forget(f"{_lock(lab)}.")
        borrowed.give_back(machine)
    return True


def names() -> list[str]:
    """Every lab that is up or that left something behind."""
    return sorted({*record.names(), *cgroups.members(this_machine()), *router.labs()})


def status(name: str) -> list[HostStatus]:
    """How each host of a lab is."""
    with _one_line():
        machine = this_machine()
        lab = record.read(name)
        hosts = lab.nodes if lab else ()
        with ThreadPoolExecutor(max(1, len(hosts))) as pool:
            return list(pool.map(lambda host: _status(name, host, machine), hosts))


def _prepare(lab: Lab) -> _Ground:
    machine = this_machine()
    with lock(f"{_lock(lab)}.ground"):
        for inside, here in lab.mounts.items():
            if not Path(here).exists():
                raise LabError(f"{here}, to be shown in the hosts as {inside}, does not exist on this machine")
        if record.read(lab.name) is None and cgroups.alive(machine, lab.name):
            raise LabError(
                f"hosts of a lab {lab.name} run here that {paths.home()} knows nothing of; "
                f"end them (underlay lab down --name {lab.name}) or choose another name"
            )
        router.refuse_overlap(lab)
        base = image.base()
        kmodules.load(machine)
        at = LabPaths.of(lab.name)
        at.root.mkdir(parents=True, exist_ok=True)
        grown = record.merge(lab)
        borrowed.borrow(machine)
        keys.make(grown, at)
        router.ensure(grown)
        return _Ground(machine, base, kmodules.directory(machine))


def _attempt(lab: Lab, host: LabNode, ground: _Ground) -> str | None:
    try:
        with _one_line():
            node.boot(lab, host, machine=ground.machine, image=ground.image, modules=ground.modules)
    except LabError as error:
        return str(error)
    return None


def _status(lab: str, host: LabNode, machine: Machine) -> HostStatus:
    state = "off"
    if cgroups.alive(machine, lab, host.name):
        state = "up" if reach.answers(host.address) else "silent"
    return HostStatus(host.name, host.rack_name, str(host.address), state)


def _lock(lab: Lab) -> str:
    return f"lab-{lab.name}"


@contextmanager
def _one_line() -> Iterator[None]:
    """Any refusal of the operating system becomes the one line a person gets."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise LabError(f"{where}{error.strerror or error}") from error
