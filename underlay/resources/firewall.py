"""The traffic that a host's own firewall, if it has one, has to accept: what every kind of firewall is given."""

from __future__ import annotations

from dataclasses import dataclass

HOOKS = ("input", "forward", "output")

# By number: what /etc/protocols calls ipip is another protocol (94) than IP in IP (ipencap there).
_NUMBERS = {"ah": 51, "esp": 50, "gre": 47, "icmp": 1, "icmpv6": 58, "ipip": 4, "sctp": 132}


@dataclass(frozen=True)
class Pass:
    """Packets to accept on a hook: to the host itself (input), through it (forward) or from it (output).

    Addresses and subnets are all of one `family`, 4 or 6; none means any. `protocol` is tcp, udp, a number, or "" for
    any; `ports` are ranges as (first, last). A `reply` belongs to an accepted connection (established or related).
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
        """The line of a render, e.g. "input: tcp 6443, 30000-32767 from anyone"."""
        ports = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in self.ports)
        what = f"IP protocol {self.protocol}" if self.protocol.isdigit() else self.protocol or "anything"
        who = " ".join(self.sources) or "anyone"
        where = f" to {' '.join(self.destinations)}" if self.destinations else ""
        what = f"{what} {ports}" if ports else what
        return f"{self.hook}: {what} from {who}{where}{', established connections' if self.reply else ''}"


def protocol(name: str, family: int) -> str:
    """How a `Pass` spells a protocol that a mode names (tcp, udp, esp, ipip, …)."""
    if name in ("tcp", "udp"):
        return name
    return str(_NUMBERS["icmpv6" if name == "icmp" and family == 6 else name])
