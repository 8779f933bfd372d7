"""Plans a host's root: the overlay, its own kernel file systems, volumes and mounts."""

import os
from pathlib import Path

from underlay.lab.model import naming
from underlay.lab.model.paths import NodePaths
from underlay.lab.model.topology import Lab, LabNode
from underlay.lab.system.machine import Machine

from . import cgroups, namespaces, sysctls
from .keeper import KeeperPlan
from .steps import BootIdStep, DeviceStep, MountStep, ShadowStep, Step, SymlinkStep, dump
from .syscalls import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REMOUNT

# Below /var/lib; not on the overlay, because an overlay on an overlay fails.
VOLUMES = {"containerd": 0o711, "kubelet": 0o755, "etcd": 0o700}
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "kmsg", "fuse", "net/tun")
_SAFE = MS_NOSUID | MS_NODEV | MS_NOEXEC


def make(lab: Lab, node: LabNode, at: NodePaths, *, machine: Machine, image: Path, modules: Path) -> KeeperPlan:
    """Return the plan by which the keeper boots a host."""
    steps: list[Step] = [
        MountStep("overlay", "", "overlay", 0, f"lowerdir={image},upperdir={at.upper},workdir={at.work}"),
        MountStep("proc", "/proc", "proc", _SAFE),
        MountStep("sysfs", "/sys", "sysfs", _SAFE),
        *(ShadowStep(name, str(at.shadows / name)) for name in sysctls.SHADOWED),
        BootIdStep(str(at.shadows / "boot_id")),
        *_devices(),
        MountStep("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"),
        MountStep("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"),  # noqa: S108
        *([MountStep("bpf", "/sys/fs/bpf", "bpf", _SAFE)] if Path("/sys/fs/bpf").is_dir() else []),
        *_control_groups(machine),
        *(MountStep(str(at.volumes / name), f"/var/lib/{name}", flags=MS_BIND) for name in VOLUMES),
        MountStep(str(modules), f"/usr/lib/modules/{machine.release}", flags=MS_BIND | MS_RDONLY),
        *host_mounts(lab),
    ]
    return KeeperPlan(
        hostname=node.name,
        network=str(namespaces.path(naming.namespace(lab.name, node.name))),
        keeper_groups=cgroups.directories(machine, lab.name, node.name, cgroups.KEEPER),
        host_groups=cgroups.directories(machine, lab.name, node.name, cgroups.HOST),
        root=str(at.mountpoint),
        steps=dump(steps),
        console=str(at.console),
    )


def host_mounts(lab: Lab) -> list[MountStep]:
    """Return the read-only mounts of this machine's directories in every host of the lab."""
    return [MountStep(here, inside, flags=MS_BIND | MS_RDONLY) for inside, here in lab.mounts.items()]


def _devices() -> list[Step]:
    steps: list[Step] = [
        MountStep("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=755"),
        MountStep("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5"),
        MountStep("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"),  # noqa: S108
    ]
    for name in _DEVICES:
        if os.path.exists(f"/dev/{name}"):
            device = os.stat(f"/dev/{name}")
            steps.append(DeviceStep(f"/dev/{name}", device.st_mode, device.st_rdev))
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
    return steps + [SymlinkStep(f"/dev/{name}", to) for name, to in links.items()]


def _control_groups(machine: Machine) -> list[Step]:
    top = "/sys/fs/cgroup"
    if not machine.legacy:
        return [MountStep("cgroup2", top, "cgroup2", _SAFE)]
    steps: list[Step] = [MountStep("cgroup", top, "tmpfs", _SAFE, "mode=755")]
    for hierarchy in machine.legacy:
        named = hierarchy.controllers[0].startswith("name=")
        directory = ",".join(hierarchy.controllers).removeprefix("name=")
        options = ",".join((*(["none"] if named else []), *hierarchy.controllers))
        steps.append(MountStep("cgroup", f"{top}/{directory}", "cgroup", _SAFE, options))
        if len(hierarchy.controllers) > 1:
            steps += [SymlinkStep(f"{top}/{controller}", directory) for controller in hierarchy.controllers]
    steps.append(MountStep("cgroup2", f"{top}/unified", "cgroup2", _SAFE))
    # Read-only at the top, or systemd mounts version 1 controllers that this machine does not use, and they stay.
    steps.append(MountStep("cgroup", top, "", MS_REMOUNT | MS_RDONLY | _SAFE, "mode=755"))
    return steps
