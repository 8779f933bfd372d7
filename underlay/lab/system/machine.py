"""Facts of this machine: its kernel, its control group layout, and capabilities that it withholds from root."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from underlay.lab.model.errors import LabError

CAPABILITIES = {  # number in linux/capability.h -> name; those that hosts require
    0: "CAP_CHOWN",
    1: "CAP_DAC_OVERRIDE",
    5: "CAP_KILL",
    12: "CAP_NET_ADMIN",
    18: "CAP_SYS_CHROOT",
    21: "CAP_SYS_ADMIN",
    27: "CAP_MKNOD",
}
_GENERIC_OPTIONS = {"rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode", "all", "none"}


@dataclass(frozen=True)
class Hierarchy:
    """A control group hierarchy: where it is mounted and, for version 1, with which controllers."""

    mountpoint: Path
    controllers: tuple[str, ...] = ()  # version 1 only; ("name=systemd",) is a named hierarchy without any
    unified: bool = False


@dataclass(frozen=True)
class Machine:
    """The facts on which the assembly of hosts depends."""

    release: str
    architecture: str
    hierarchies: tuple[Hierarchy, ...]
    modules: Path | None  # /lib/modules of a kernel with loadable modules

    @property
    def unified(self) -> Hierarchy:
        """The version 2 hierarchy, which can kill all processes of a group."""
        return next(hierarchy for hierarchy in self.hierarchies if hierarchy.unified)

    @property
    def legacy(self) -> tuple[Hierarchy, ...]:
        """The version 1 hierarchies; none on most machines."""
        return tuple(hierarchy for hierarchy in self.hierarchies if not hierarchy.unified)


@cache
def this_machine() -> Machine:
    """Return the facts of this machine.

    :raises LabError: when it lacks something that hosts require.
    """
    if os.uname().sysname != "Linux":
        raise LabError(f"lab: requires Linux ({os.uname().sysname} has no namespaces)")
    if os.geteuid() != 0:
        raise LabError("lab: requires root (it creates network namespaces, mounts and control groups); run it as root")
    withheld = withheld_capabilities(Path("/proc/self/status").read_text(encoding="utf-8"))
    if withheld:
        raise LabError(
            f"lab: this machine withholds capabilities from root ({', '.join(withheld)}); "
            "use a physical machine, a VM, or a container that has them"
        )
    hierarchies = parse_hierarchies(Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape"))
    if not any(h.unified for h in hierarchies):
        raise LabError("lab: no cgroup2 file system is mounted; mount one (hosts are ended by their control group)")
    release = os.uname().release
    modules = Path("/lib/modules") / release
    loadable = Path("/proc/modules").exists() and modules.is_dir()
    return Machine(release, os.uname().machine, hierarchies, modules if loadable else None)


def withheld_capabilities(status: str) -> list[str]:
    """Return which of CAPABILITIES are not effective, from the text of /proc/PID/status."""
    mask = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:")), 0)
    return [name for number, name in CAPABILITIES.items() if not mask >> number & 1]


def parse_hierarchies(mountinfo: str) -> tuple[Hierarchy, ...]:
    """Return the control group hierarchies in the text of /proc/PID/mountinfo, the first mount of each."""
    found: dict[tuple[str, ...], Hierarchy] = {}
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        kind, _, options = rest.split(" ", 2)
        mountpoint = Path(fields.split(" ")[4].replace("\\040", " "))
        if kind == "cgroup2":
            found.setdefault(("",), Hierarchy(mountpoint, unified=True))
        elif kind == "cgroup":
            controllers = tuple(
                option
                for option in options.split(",")
                if option not in _GENERIC_OPTIONS and not option.startswith("release_agent=")
            )
            found.setdefault(controllers, Hierarchy(mountpoint, controllers))
    return tuple(found.values())
