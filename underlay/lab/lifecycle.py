"""A whole lab: up, down, status. Every step can be repeated, and cleans up after a killed one."""

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
from underlay.lab.system.own_root import refuse_chroot
from underlay.lab.system.progress import slow

from . import borrowed, image, record


@dataclass(frozen=True)
class HostStatus:
    """The state of a host: `up` answers on SSH, `silent` runs and does not answer, `off` does not run."""

    name: str
    rack: str
    address: str
    state: str


@dataclass(frozen=True)
class _Prepared:
    """What every host of a lab is booted with."""

    machine: Machine
    image: Path
    modules: Path


def up(lab: Lab) -> None:
    """Boot the hosts of a lab that are not up.

    :raises LabError: with all failures, after the other hosts are booted.
    """
    this_machine()
    refuse_chroot()
    with _one_line(), lock(_lock(lab), shared=True, by_children=True):
        prepared = _prepare(lab)
        with slow(f"booting {len(lab.nodes)} hosts"), ThreadPoolExecutor(len(lab.nodes)) as pool:
            failed = [failure for failure in pool.map(lambda host: _attempt(lab, host, prepared), lab.nodes) if failure]
    if failed:
        raise LabError("; ".join(failed))


def boot(lab: Lab, name: str) -> None:
    """Boot one host of a lab, with the router and the hosts on the path to it.

    :raises LabError: when it, or one of them, does not come up.
    """
    with _one_line():
        host = lab.node(name)
        if record.covers(lab) and node.is_up(lab, host, machine=this_machine()):
            return
        refuse_chroot()
        with lock(_lock(lab), shared=True, by_children=True):
            prepared = _prepare(lab)
            with slow(f"booting {name}", end=False):
                failures = [failure for each in lab.path_to(host) if (failure := _attempt(lab, each, prepared))]
    if failures:
        raise LabError("; ".join(failures))


def prepare_image() -> Path:
    """Build the base image and the module list if they are missing; return the image's root directory."""
    with _one_line():
        machine = this_machine()
        refuse_chroot()
        kmodules.directory(machine)
        return image.base()


def down(name: str) -> bool:
    """Take a lab down and remove everything it created except images; False if there was nothing."""
    with _one_line():
        machine, lab = this_machine(), Lab(name)
        if name not in names():
            # One that was killed at its very end has left its lock's file.
            with lock(_lock(lab)):
                forget(f"{_lock(lab)}.")
            borrowed.give_back(machine)
            return False
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
    """Return the names of labs that are up or have left something behind."""
    return sorted({*record.names(), *cgroups.members(this_machine()), *router.labs()})


def status(name: str) -> list[HostStatus]:
    """Return the state of each host of a lab; empty for a lab that does not exist."""
    with _one_line():
        machine = this_machine()
        lab = record.read(name)
        hosts = lab.nodes if lab else ()
        with ThreadPoolExecutor(max(1, len(hosts))) as pool:
            return list(pool.map(lambda host: _status(name, host, machine), hosts))


def _prepare(lab: Lab) -> _Prepared:
    machine = this_machine()
    with lock(f"{_lock(lab)}.ground"):
        for inside, here in lab.mounts.items():
            if not Path(here).exists():
                raise LabError(
                    f"mounts: {here} does not exist (to be mounted as {inside}); create it or remove the mount"
                )
        if record.read(lab.name) is None and cgroups.alive(machine, lab.name):
            raise LabError(
                f"lab {lab.name}: its hosts run without a record in {paths.home()}; "
                f"run `underlay lab down --name {lab.name}` or choose another name"
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
        return _Prepared(machine, base, kmodules.directory(machine))


def _attempt(lab: Lab, host: LabNode, prepared: _Prepared) -> str | None:
    try:
        with _one_line():
            node.boot(lab, host, machine=prepared.machine, image=prepared.image, modules=prepared.modules)
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
    """Turn errors of the operating system into LabErrors of one line."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise LabError(f"{where}{error.strerror or error}") from error
