"""Changes of a lab to the machine itself: recorded first, and reverted when the last lab is taken down."""

import json
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

from underlay.lab.host import cgroups
from underlay.lab.model import paths
from underlay.lab.system.commands import run
from underlay.lab.system.locks import lock
from underlay.lab.system.machine import Machine

# A host takes 9 inotify instances and one more for each runtime, and the kernel counts them for root over all hosts.
# When they run out, containerd silently loads without its CRI plugin.
RAISED = {"fs/inotify/max_user_instances": 8192, "fs/inotify/max_user_watches": 524288}
_NETNS = Path("/run/netns")


class Loan(TypedDict):
    """What was changed, and in which boot of the machine."""

    boot: str
    sysctls: dict[str, tuple[str, str]]  # name -> (value before, value while a lab is up)
    controllers: list[str]  # those that the root control group did not delegate before
    netns: bool  # `ip netns` had no mount of its own yet


def borrow(machine: Machine) -> None:
    """Make the changes that a lab needs; the values before are on disk first."""
    with lock("machine"):
        loan = _read() or _first_loan(machine)
        for name, (_, value) in loan["sysctls"].items():
            Path("/proc/sys", name).write_text(value, encoding="utf-8")


def give_back(machine: Machine) -> None:
    """Revert the changes if no lab is left; an administrator's later change is kept."""
    with lock("machine"):
        if paths.labs().is_dir() and any(paths.labs().iterdir()):
            return
        cgroups.leave(machine)  # first: a controller in use below cannot be taken back
        loan = _read()
        if loan:
            for name, (before, value) in loan["sysctls"].items():
                sysctl = Path("/proc/sys", name)
                if sysctl.read_text(encoding="utf-8").strip() == value:
                    sysctl.write_text(before, encoding="utf-8")
            for controller in loan["controllers"]:
                with suppress(OSError):  # in use by something else by now
                    (machine.unified.mountpoint / "cgroup.subtree_control").write_text(
                        f"-{controller}", encoding="utf-8"
                    )
            if loan["netns"] and not any(_NETNS.iterdir()):
                run("umount", str(_NETNS))
                _NETNS.rmdir()
        _file().unlink(missing_ok=True)
        with suppress(OSError):
            paths.labs().rmdir()


def _first_loan(machine: Machine) -> Loan:
    sysctls = {}
    for name, value in RAISED.items():
        before = Path("/proc/sys", name).read_text(encoding="utf-8").strip()
        if int(before) < value:
            sysctls[name] = (before, str(value))
    controllers: list[str] = []
    root = machine.unified.mountpoint
    if not machine.legacy and (root / "cgroup.subtree_control").exists():
        passed = (root / "cgroup.subtree_control").read_text(encoding="utf-8").split()
        controllers = [c for c in (root / "cgroup.controllers").read_text(encoding="utf-8").split() if c not in passed]
    loan = Loan(boot=_boot(), sysctls=sysctls, controllers=controllers, netns=not _NETNS.is_mount())
    paths.home().mkdir(parents=True, exist_ok=True)
    new = _file().with_suffix(".new")
    new.write_text(json.dumps(loan), encoding="utf-8")
    new.replace(_file())
    return loan


def _read() -> Loan | None:
    try:
        loan: Loan = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return loan if loan["boot"] == _boot() else None  # a boot of the machine reverted everything


def _file() -> Path:
    return paths.home() / "borrowed.json"


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
