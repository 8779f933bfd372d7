"""A link that accepts IPv6 router advertisements although the host forwards."""

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
    restorable = True
    prelude = """\
u_link_of() { ip -o -6 address show to "$1" | awk '{ print $2; exit }'; }
u_advertised() {
  u_need ip || return
  link=$(u_link_of "$1")
  echo "${link:-none} $(cat "/proc/sys/net/ipv6/conf/$link/accept_ra")"
}"""

    @property
    def name(self) -> str:
        return f"for {self.address}"

    def observe(self) -> str:
        return f"u_advertised {quote(self.address)}"

    def difference(self, observed: str) -> str | None:
        link, _, value = observed.partition(" ")
        return f"{link} ignores them while forwarding -> accepts them" if value == _UNLESS else None

    def apply(self) -> str:
        # In the dotted form of a key a dot in the link's name would be a separator.
        return f"""\
link=$(u_link_of {quote(self.address)})
echo {_EVEN_IF} >"/proc/sys/net/ipv6/conf/$link/accept_ra"
echo "-net/ipv6/conf/$link/accept_ra = {_EVEN_IF}" >{PERSISTED}"""

    def remove(self) -> str:
        return f"rm -f {PERSISTED}"

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        link, _, value = prior.partition(" ")
        path = quote(f"/proc/sys/net/ipv6/conf/{link}/accept_ra")
        return f"rm -f {PERSISTED}\n" + (f"[ ! -e {path} ] || echo {quote(value)} >{path}" if value else "")

    def check(self, host: Host) -> str | None:
        words = host.run("ip -o -6 address show to %s", self.address).stdout.split()
        if len(words) < 2:
            return f"no link has the address {self.address}"
        found = host.run("cat /proc/sys/net/ipv6/conf/%s/accept_ra", words[1])
        if found.rc:
            return f"{words[1]}: accept_ra could not be read ({found.stderr.strip()})"
        value = found.stdout.strip()
        expected = f"expected {_EVEN_IF} on a host that forwards (the link loses its routes)"
        return f"{words[1]}: accept_ra is {value}, {expected}" if value == _UNLESS else None
