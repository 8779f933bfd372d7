"""A link that goes on learning its IPv6 routes from the router, although the host forwards now."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from .resource import Host, Resource

PERSISTED = "/etc/sysctl.d/99-z-underlay-links.conf"
# Linux, Documentation/networking/ip-sysctl.rst, accept_ra: 1 is "unless forwarding", 2 "even if forwarding".
_UNLESS, _EVEN_IF = "1", "2"


@dataclass(frozen=True)
class RouterAdvertisements(Resource):
    """The link is the one with `address`. Where networkd or NetworkManager listens itself, the kernel does not (0)."""

    address: str

    kind = "router advertisements"
    prelude = """\
u_link_of() { ip -o -6 address show to "$1" | awk '{ print $2; exit }'; }
u_advertised() {
  link=$(u_link_of "$1")
  echo "${link:-none} $(cat "/proc/sys/net/ipv6/conf/$link/accept_ra")"
}"""

    @property
    def name(self) -> str:
        return f"for {self.address}"

    def observe(self) -> str:
        return f"u_advertised {quote(self.address)}"

    def difference(self, seen: str) -> str | None:
        link, _, value = seen.partition(" ")
        return f"{link} ignores them when forwarding -> heeds them" if value == _UNLESS else None

    def apply(self) -> str:
        # A dot in the link's name would part the key, in the form with dots.
        return f"""\
link=$(u_link_of {quote(self.address)})
echo {_EVEN_IF} >"/proc/sys/net/ipv6/conf/$link/accept_ra"
echo "-net/ipv6/conf/$link/accept_ra = {_EVEN_IF}" >{PERSISTED}"""

    def remove(self) -> str:
        return f"rm -f {PERSISTED}"

    def check(self, host: Host) -> str | None:
        words = host.run("ip -o -6 address show to %s", self.address).stdout.split()
        if len(words) < 2:
            return f"no link has the address {self.address}"
        value = host.run("cat /proc/sys/net/ipv6/conf/%s/accept_ra", words[1]).stdout.strip()
        return f"{words[1]} will lose its routes: accept_ra is {value}" if value == _UNLESS else None
