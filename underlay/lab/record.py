"""The topology with which a lab was last booted, on disk, for commands without an inventory."""

import json
from dataclasses import asdict, replace

from underlay.files import write_whole
from underlay.lab.model import paths
from underlay.lab.model.errors import LabError
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab


def read(name: str) -> Lab | None:
    """Return the recorded topology of a lab; None if there is no such lab."""
    try:
        return Lab(**json.loads(LabPaths.of(name).topology.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def merge(lab: Lab) -> Lab:
    """Record a topology over an earlier one and return it: a lab can grow, but existing hosts do not move.

    :raises LabError: when network, racks or routers differ from the recorded ones.
    """
    before = read(lab.name)
    if before and _layout(before) != _layout(lab):
        raise LabError(
            f"lab {lab.name}: is up with {_layout(before)}, requested {_layout(lab)}; "
            f"take it down first, `underlay lab down --name {lab.name}`"
        )
    if before:
        lab = replace(
            lab,
            control_planes=max(lab.control_planes, before.control_planes),
            workers=max(lab.workers, before.workers),
        )
    write_whole(
        LabPaths.of(lab.name).topology,
        json.dumps({**asdict(lab), "mounts": dict(lab.mounts), "templates": dict(lab.templates)}) + "\n",
    )
    return lab


def _layout(lab: Lab) -> str:
    """What cannot change while a lab is up, in words."""
    routers = f" with {lab.routers} router hosts each" if lab.routers else ""
    second = f" and {lab.network_v6}" if lab.network_v6 else ""
    return f"{lab.network}{second}, {lab.racks} racks{routers}"


def covers(lab: Lab) -> bool:
    """Return whether the recorded topology already has all that `lab` has."""
    before = read(lab.name)
    return (
        before is not None
        and before.control_planes >= lab.control_planes
        and before.workers >= lab.workers
        and lab == replace(before, control_planes=lab.control_planes, workers=lab.workers)
    )


def names() -> list[str]:
    """Return the names of labs that have files on disk."""
    return sorted(path.name for path in paths.labs().iterdir()) if paths.labs().is_dir() else []
