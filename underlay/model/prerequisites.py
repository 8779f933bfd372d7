"""What a mode needs on every host before it is installed."""

from __future__ import annotations

from dataclasses import dataclass

from underlay.resources.resource import Resource


@dataclass(frozen=True)
class Port:
    """Traffic between nodes that has to pass. `protocol` is tcp, udp or an IP protocol's name (then `number` is 0).

    `last` ends a range. Traffic comes from nodes only, unless the port is for `anyone`; `also_from` are further subnets
    it comes from.
    """

    protocol: str
    number: int
    purpose: str
    last: int | None = None
    anyone: bool = False
    also_from: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The port in a line, e.g. "udp 8472 (flannel VXLAN)"."""
        number = f" {self.number}" if self.number else ""
        last = f"-{self.last}" if self.last else ""
        further = f", from {', '.join(self.also_from)} too" if self.also_from else ""
        who = ", from anywhere" if self.anyone else further
        return f"{self.protocol}{number}{last} ({self.purpose}{who})"


@dataclass(frozen=True)
class Prerequisites:
    """`resources` are applied by the deploy, or found impossible; `ports` have to pass the firewalls between nodes, and
    those on hosts."""

    resources: tuple[Resource, ...] = ()
    ports: tuple[Port, ...] = ()
