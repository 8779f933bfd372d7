"""The list of machines that the Vagrantfile and the inventory read: its rules, and what it stands for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from underlay.inventory.errors import InvalidInventory, from_validation

ROUTER = "router"
_ROUTER_LAST = 254
_NUMBERS = ("control_planes", "workers", "racks")
# Vagrant's name of a provider, where ours says more.
_VAGRANTS = {"emulation": "libvirt"}


class ListedMachine(BaseModel):
    """A machine that is a node: its name, its role, its rack (from 1) and its address there; memory in MiB."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1)
    role: Literal["control_plane", "worker"]
    rack: int = Field(ge=1)
    address: str
    memory_mb: int | None = Field(default=None, ge=512)
    cpus: int | None = Field(default=None, ge=1)
    box: str | None = Field(default=None, min_length=1)


class NodeList(BaseModel):
    """`vagrant.json`: how many machines in how many racks, or each of them; what they are made of.

    Rack N has the Nth /24 of `network`, and `.254` in it is the router's, where there are several. `memory_mb` is in
    MiB, of each machine that says nothing else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field("vagrant", pattern=r"^[a-z][a-z0-9-]{0,30}$")
    provider: Literal["libvirt", "virtualbox", "emulation"]
    box: str = Field(min_length=1)
    network: str
    control_planes: int = Field(1, ge=1, le=9)
    workers: int = Field(0, ge=0, le=230)
    racks: int = Field(1, ge=1, le=250)
    memory_mb: int = Field(ge=512)
    cpus: int = Field(ge=1)
    machines: list[ListedMachine] | None = Field(None, min_length=1)

    @property
    def listed(self) -> tuple[ListedMachine, ...]:
        """Every node: those that are listed, or as many as the numbers say, in the racks in turn."""
        if self.machines is not None:
            return tuple(self.machines)
        return tuple(
            self._numbered(f"{prefix}-{number}", role, (number - 1) % self.racks + 1, first + number)
            for prefix, role, count, first in (
                ("cp", "control_plane", self.control_planes, 10),
                ("w", "worker", self.workers, 20),
            )
            for number in range(1, count + 1)
        )

    @property
    def highest_rack(self) -> int:
        """The number of racks."""
        return max(machine.rack for machine in self.machines) if self.machines else self.racks

    @property
    def router(self) -> tuple[str, ...]:
        """The router's address in each rack; none where all machines are in one."""
        racks = range(1, self.highest_rack + 1)
        return tuple(str(self.rack(number)[_ROUTER_LAST]) for number in racks) if len(racks) > 1 else ()

    @property
    def vagrants_provider(self) -> str:
        """The provider as Vagrant calls it, which is a directory's name, too."""
        return _VAGRANTS.get(self.provider, self.provider)

    def rack(self, number: int) -> IPv4Network:
        """The segment of a rack, a /24."""
        return IPv4Network((int(IPv4Network(self.network).network_address) + (number - 1) * 256, 24))

    def _numbered(self, name: str, role: Any, rack: int, last: int) -> ListedMachine:
        return ListedMachine(name=name, role=role, rack=rack, address=str(self.rack(rack)[last]))


def read_node_list(path: Path) -> NodeList:
    """Read and check the list.

    :raises InvalidInventory: with every problem, a line each.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInventory(
            [f"{path}: cannot be read ({error.strerror}); it stands beside the Vagrantfile"]
        ) from None
    except ValueError as error:
        raise InvalidInventory([f"{path}: is not JSON ({error}); correct it"]) from None
    try:
        listed = NodeList.model_validate(found)
    except ValidationError as error:
        known = {*NodeList.model_fields, *ListedMachine.model_fields}
        raise InvalidInventory(from_validation(error, prefix=str(path), known=known, depth=3)) from None
    if problems := [f"{path}: {problem}" for problem in _problems(listed)]:
        raise InvalidInventory(problems)
    return listed


def _problems(listed: NodeList) -> Iterator[str]:
    try:
        network = IPv4Network(listed.network)
    except ValueError as error:
        yield f"network: {listed.network!r} is not a network ({error}); use one such as 192.168.56.0/21"
        return
    if beside := [number for number in _NUMBERS if listed.machines is not None and number in listed.model_fields_set]:
        yield f"machines: stands beside {' and '.join(beside)}; give the list or the numbers"
    if network.prefixlen > 24 or 2 ** (24 - network.prefixlen) < listed.highest_rack:
        yield f"network: {network} has no /24 for each of {listed.highest_rack} racks; use a larger one"
        return
    taken = Counter(machine.name for machine in listed.listed)
    taken[ROUTER] += bool(listed.router)
    for name in (name for name, count in taken.items() if count > 1):
        yield f"machines: {taken[name]} are named {name}; give each a name of its own"
    yield from _address_problems(listed)


def _address_problems(listed: NodeList) -> Iterator[str]:
    owners = dict.fromkeys(listed.router, f"the {ROUTER}")
    for machine in listed.listed:
        where, rack = f"machines.{machine.name}.address", listed.rack(machine.rack)
        try:
            address = IPv4Address(machine.address)
        except ValueError:
            yield f"{where}: {machine.address!r} is no IPv4 address; use one of rack {machine.rack}, {rack}"
            continue
        # The first is that of the machine around, on the rack's segment.
        if address not in rack or address in (rack[0], rack[1], rack[-1]):
            yield f"{where}: {address} is no machine's in rack {machine.rack}; use {rack[2]} to {rack[-2]}"
        if str(address) in owners:
            yield f"{where}: {address} is also {owners[str(address)]}'s; give every machine its own"
        owners.setdefault(str(address), machine.name)
