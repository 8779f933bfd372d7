"""For inventories: a lab's hosts in pyinfra's form. Their lab is declared to the connector.

from underlay.lab.inventory import Lab, hosts

_hosts = hosts(Lab(workers=2, racks=2))
control_plane = _hosts.control_plane
workers = _hosts.workers
"""

from dataclasses import dataclass

from underlay.lab.model.errors import LabError
from underlay.lab.model.topology import Lab, LabNode

from . import record

__all__ = ["Hosts", "Lab", "find", "hosts"]

Host = tuple[str, dict[str, str]]
_declared: dict[str, Lab] = {}


@dataclass(frozen=True)
class Hosts:
    """A lab's hosts by role, each `("@lab/cp-1", {"address": …, "rack": …})`.

    Routers also have a `fabric_address`, other hosts an `address_v6` if the lab has a `network_v6`.
    """

    control_plane: list[Host]
    workers: list[Host]
    routers: list[Host]
    spare: dict[str, tuple[str, ...]]
    """Rack -> address ranges that no host uses, for racks with a worker."""


def hosts(lab: Lab) -> Hosts:
    """Declare a lab in this process and return its hosts; they boot when pyinfra connects."""
    _declared[lab.name] = lab
    return Hosts(
        control_plane=[_host(lab, node) for node in lab.nodes if node.name.startswith("cp-")],
        workers=[_host(lab, node) for node in lab.nodes if node.name.startswith("w-")],
        routers=[_host(lab, node) for node in lab.nodes if node.fabric],
        spare={n.rack_name: (lab.spare(n.rack),) for n in lab.nodes if n.name.startswith("w-")},
    )


def find(target: str) -> tuple[Lab, LabNode]:
    """Return the lab and host of `cp-1` or `other:cp-1`: a declared lab, else a recorded one, else the default lab.

    :raises LabError: when there is no such lab or host.
    """
    name, _, host = target.rpartition(":")
    name = name or Lab().name
    lab = _declared.get(name) or record.read(name)
    if lab is None and name == Lab().name:
        lab = Lab()
    if lab is None:
        raise LabError(
            f"lab {name}: does not exist; declare it in the inventory, or run `underlay lab up --name {name}`"
        )
    return lab, lab.node(host)


def _host(lab: Lab, node: LabNode) -> Host:
    where = node.name if lab.name == Lab().name else f"{lab.name}:{node.name}"
    more = {"fabric_address": node.fabric, "address_v6": node.address_v6}
    optional = {name: str(address) for name, address in more.items() if address}
    return f"@lab/{where}", {"address": str(node.address), "rack": node.rack_name, **optional}
