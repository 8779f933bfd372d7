"""The traffic a host's own firewall, if it has one, has to let through: the word that every kind of firewall shares."""

from __future__ import annotations

from dataclasses import dataclass

HOOKS = ("input", "forward", "output")

# By number: what /etc/protocols calls ipip is another protocol (94) than IP in IP (ipencap there).
_NUMBERS = {"ah": 51, "esp": 50, "gre": 47, "icmp": 1, "icmpv6": 58, "ipip": 4, "sctp": 132}


@dataclass(frozen=True)
class Pass:
    """Packets to let through on a hook: to the host itself (input), through it (forward) or from it (output).

    Addresses and subnets are all of one `family`, 4 or 6; none means anyone. `protocol` is tcp, udp, a number, or ""
    for any; `ports` are first and last of ranges. A `reply` belongs to a connection that was let through.
    """

    hook: str
    family: int
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    protocol: str = ""
    ports: tuple[tuple[int, int], ...] = ()
    reply: bool = False

    @property
    def sentence(self) -> str:
        """What a person reads: "input: tcp 6443, 30000-32767 from anyone"."""
        ports = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in self.ports)
        what = f"IP protocol {self.protocol}" if self.protocol.isdigit() else self.protocol or "anything"
        who = " ".join(self.sources) or "anyone"
        where = f" to {' '.join(self.destinations)}" if self.destinations else ""
        what = f"{what} {ports}" if ports else what
        return f"{self.hook}: {what} from {who}{where}{', of connections let through' if self.reply else ''}"


def protocol(name: str, family: int) -> str:
    """How a `Pass` spells the protocol that a mode calls by name."""
    if name in ("tcp", "udp"):
        return name
    return str(_NUMBERS["icmpv6" if name == "icmp" and family == 6 else name])
