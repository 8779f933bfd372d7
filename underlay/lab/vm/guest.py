"""A virtual machine of a lab as data: its name, its rack and its address there."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from underlay.lab.model.errors import LabError
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab, LabNode

MOST = 8  # addresses .3 to .10 of a rack, which no host uses


def guest(lab: Lab, number: int, *, rack: int) -> LabNode:
    """Return the virtual machine `vm-NUMBER` of a lab.

    :raises LabError: when the number or the rack is out of range.
    """
    problems = []
    if not 1 <= number <= MOST:
        problems.append(f"vm-{number}: out of range; 1 to {MOST}")
    if not 1 <= rack <= lab.racks:
        problems.append(f"lab {lab.name}: no rack {rack}; 1 to {lab.racks}")
    if problems:
        raise LabError("; ".join(problems))
    return LabNode(f"vm-{number}", rack, _address(lab, rack, 2 + number), lab.gateway(rack))


def mac(node: LabNode) -> str:
    """Return the MAC address, derived from the machine's address and so unique."""
    return "52:54:" + ":".join(f"{byte:02x}" for byte in node.address.packed)


def files(lab: Lab, node: LabNode) -> "GuestPaths":
    """Return the paths of its files; they are removed with the lab."""
    return GuestPaths(LabPaths.of(lab.name).root / "machines" / node.name)


def _address(lab: Lab, rack: int, last: int) -> IPv4Address:
    return IPv4Network(f"{lab.gateway(rack)}/24", strict=False)[last]


class GuestPaths:
    """The files of one virtual machine, on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key = root / "host_key"
        self.known_hosts = root / "known_hosts"
        self.seed = root / "seed.tar"
        self.plan = root / "plan.json"
        self.console = root / "console.log"
