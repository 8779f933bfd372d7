"""What a mode needs of every host before anything of it is laid down."""

from __future__ import annotations

from dataclasses import dataclass

from underlay.resources.resource import Resource


@dataclass(frozen=True)
class Port:
    """Traffic between nodes that has to pass. `protocol` is tcp, udp or an IP protocol's name (then `number` is 0).

    `last` ends a range. Traffic comes from nodes alone, unless it is for `anyone`; `also_from` are subnets that it
    comes from beside them.
    """

    protocol: str
    number: int
    purpose: str
    last: int | None = None
    anyone: bool = False
    also_from: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The port as a person opens it: "udp 8472 (flannel VXLAN)"."""
        number = f" {self.number}" if self.number else ""
        last = f"-{self.last}" if self.last else ""
        beside = f", from {', '.join(self.also_from)} too" if self.also_from else ""
        who = ", from anywhere" if self.anyone else beside
        return f"{self.protocol}{number}{last} ({self.purpose}{who})"


@dataclass(frozen=True)
class Prerequisites:
    """`resources` are what the deploy makes so, or finds impossible; `ports` what the sites between, and a host's own
    firewall if one runs, have to let through."""

    resources: tuple[Resource, ...] = ()
    ports: tuple[Port, ...] = ()
