"""What a virtual machine of a lab is, as data: its name, the rack it stands in, its address there."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from underlay.lab.model.errors import LabError
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab, LabNode

MOST = 8  # addresses .3 to .10 of a rack, which no host has


def guest(lab: Lab, number: int, *, rack: int) -> LabNode:
    """The virtual machine `vm-NUMBER` of a lab."""
    problems = []
    if not 1 <= number <= MOST:
        problems.append(f"virtual machine {number} is not possible: 1 to {MOST}")
    if not 1 <= rack <= lab.racks:
        problems.append(f"lab {lab.name} has no rack {rack}: 1 to {lab.racks}")
    if problems:
        raise LabError("; ".join(problems))
    return LabNode(f"vm-{number}", rack, _address(lab, rack, 2 + number), lab.gateway(rack))


def mac(node: LabNode) -> str:
    """The hardware address: made of the machine's address, so that no two have the same."""
    return "52:54:" + ":".join(f"{byte:02x}" for byte in node.address.packed)


def files(lab: Lab, node: LabNode) -> "GuestPaths":
    """Where its files are; they go with the lab."""
    return GuestPaths(LabPaths.of(lab.name).root / "machines" / node.name)


def _address(lab: Lab, rack: int, last: int) -> IPv4Address:
    return IPv4Network(f"{lab.gateway(rack)}/24", strict=False)[last]


class GuestPaths:
    """The files of one virtual machine, as this machine sees them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key = root / "host_key"
        self.known_hosts = root / "known_hosts"
        self.seed = root / "seed.tar"
        self.plan = root / "plan.json"
        self.console = root / "console.log"
