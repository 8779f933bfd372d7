"""A lab as data: its hosts, their racks and their addresses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from .errors import LabError

NAME = re.compile(r"[a-z][a-z0-9-]{0,11}")  # 12: "ul-" before it must fit an interface's 15 characters
CONTROL_PLANES_MAX = 9
WORKERS_MAX = 230


@dataclass(frozen=True)
class LabNode:
    """One host of a lab: its name, its rack and its address there.

    A rack's router has a second link, to the segment between the racks, with the address `fabric`.
    """

    name: str
    rack: int
    address: IPv4Address
    gateway: IPv4Address
    fabric: IPv4Address | None = None
    address_v6: IPv6Address | None = None

    @property
    def rack_name(self) -> str:
        """The rack's name, `rack-1`."""
        return f"rack-{self.rack}"


@dataclass(frozen=True)
class Lab:
    """A lab: the number of hosts and racks, and the network.

    Hosts are placed on the racks in turn and their addresses depend on their own number alone, so a lab can grow
    without moving a host. `network` is split into /24s: the first is the uplink between this machine and the router,
    the next ones are the racks. `network_v6` is split into /64s, one for each rack, and gives hosts a second address;
    it is not routed outside the lab. With `routers`, each rack has that many router hosts (`tor-1` …), the first of
    them its gateway, connected by one more segment; without, the lab's router connects the racks. `mounts` are
    directories of this machine mounted read-only in every host, `{path in the host: path here}`; `templates` are
    directories that a host's volume starts as a copy of, `{"containerd": path here}`; `memory` is a limit in bytes for
    each host.

    :raises LabError: when a value is invalid, with all problems.
    """

    name: str = "lab"
    control_planes: int = 1
    workers: int = 2
    racks: int = 2
    routers: int = 0
    network: str = "10.61.0.0/16"
    network_v6: str = ""
    mounts: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    memory: int | None = None

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise LabError("; ".join(problems))

    @cached_property
    def nodes(self) -> tuple[LabNode, ...]:
        """Every host: the routers of racks, control planes, workers."""
        return (
            *(self._router(number) for number in range(1, self.routers * self.racks + 1)),
            *(self._node("cp", number, 10 + number) for number in range(1, self.control_planes + 1)),
            *(self._node("w", number, 20 + number) for number in range(1, self.workers + 1)),
        )

    @property
    def uplink_here(self) -> IPv4Address:
        """This machine's address on the link to the router."""
        return self._subnet(0)[1]

    @property
    def uplink_router(self) -> IPv4Address:
        """The router's address on the link to this machine."""
        return self._subnet(0)[2]

    def node(self, name: str) -> LabNode:
        """Return a host by its name.

        :raises LabError: when there is none; it lists those there are.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"lab {self.name}: no host {name}; one of {', '.join(n.name for n in self.nodes)}")

    def path_to(self, node: LabNode) -> tuple[LabNode, ...]:
        """Return the hosts on the path of packets to a host, itself last."""
        first = (other for other in self.nodes if other.fabric and other.address == self.gateway(node.rack))
        return (*(other for other in first if other != node), node)

    def gateway(self, rack: int) -> IPv4Address:
        """The router's address in a rack."""
        return self._subnet(rack)[1]

    def gateway_v6(self, rack: int) -> IPv6Address:
        """The router's second address in a rack."""
        return self._subnet_v6(rack)[1]

    def spare(self, rack: int) -> str:
        """Return an address range of a rack's segment that no host uses, however the lab grows."""
        subnet = self._subnet(rack)
        return f"{subnet[251]}-{subnet[254]}"

    @property
    def fabric(self) -> IPv4Network:
        """The segment between the racks' routers; the lab's router has its last address."""
        return self._subnet(self.racks + 1)

    def _router(self, number: int) -> LabNode:
        rack = (number - 1) % self.racks + 1
        index = (number - 1) // self.racks
        return LabNode(f"tor-{number}", rack, self._subnet(rack)[1 + index], self.fabric[254], self.fabric[number])

    def _node(self, role: str, number: int, last: int) -> LabNode:
        rack = (number - 1) % self.racks + 1
        second = self._subnet_v6(rack)[last] if self.network_v6 else None
        return LabNode(f"{role}-{number}", rack, self._subnet(rack)[last], self.gateway(rack), address_v6=second)

    def _subnet(self, number: int) -> IPv4Network:
        network = IPv4Network(self.network)
        return IPv4Network((int(network.network_address) + number * 256, 24))

    def _subnet_v6(self, number: int) -> IPv6Network:
        network = IPv6Network(self.network_v6)
        return IPv6Network((int(network.network_address) + (number << 64), 64))

    def _problems(self) -> list[str]:
        problems = []
        if not NAME.fullmatch(self.name):
            problems.append(
                f"name: {self.name!r} cannot be part of an interface's name; "
                "use a letter and then at most 11 of a-z, 0-9 and '-'"
            )
        for what, count, least, most in (
            ("control_planes", self.control_planes, 1, CONTROL_PLANES_MAX),
            ("workers", self.workers, 0, WORKERS_MAX),
            ("racks", self.racks, 1, 250),
            ("routers", self.routers, 0, 2),
        ):
            if not least <= count <= most:
                problems.append(f"{what}: {count} is out of range; {least} to {most}")
        try:
            network = IPv4Network(self.network)
        except ValueError as error:
            return [*problems, f"network: {self.network!r} is not a network ({error}); use one such as 10.61.0.0/16"]
        taken = self.racks + 1 + bool(self.routers)
        if network.prefixlen > 24 or 2 ** (24 - network.prefixlen) < taken:
            problems.append(
                f"network: {self.network} is too small; {self.racks} racks and the links between them take {taken} /24s"
            )
        problems += self._problems_v6() if self.network_v6 else ()
        for inside, outside in self.mounts.items():
            if not (inside.startswith("/") and outside.startswith("/")):
                problems.append(f"mounts: {inside} and {outside} are not both absolute; give absolute paths")
        return problems

    def _problems_v6(self) -> list[str]:
        try:
            network = IPv6Network(self.network_v6)
        except ValueError as error:
            return [f"network_v6: {self.network_v6!r} is not a network ({error}); use one such as fd61::/48"]
        problems = []
        if network.prefixlen > 64 or 2 ** (64 - network.prefixlen) <= self.racks:
            problems.append(
                f"network_v6: {self.network_v6} is too small; {self.racks} racks take {self.racks + 1} /64s"
            )
        if self.routers:
            problems.append("network_v6: router hosts have no IPv6; set either routers or network_v6")
        return problems
