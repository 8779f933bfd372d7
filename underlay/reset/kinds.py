"""The kinds of host state that a record can give back, by the names that a record has for them."""

from __future__ import annotations

from shlex import quote

from underlay.plan.host_record import FILES, Prior
from underlay.resources.binary import Binary
from underlay.resources.boot_order import BootOrder
from underlay.resources.file import Directory, File
from underlay.resources.firewalld import Firewalld
from underlay.resources.iptables import Iptables
from underlay.resources.kernel_module import KernelModule
from underlay.resources.mount import Mount
from underlay.resources.nftables import Nftables
from underlay.resources.packages import Packages
from underlay.resources.resource import Resource
from underlay.resources.router_advertisements import RouterAdvertisements
from underlay.resources.swap import NoSwap
from underlay.resources.sysctl import Sysctl
from underlay.resources.unit import Unit

_KINDS: dict[str, type[Resource]] = {
    kind.kind: kind
    for kind in (Binary, BootOrder, Directory, File, KernelModule, Mount, NoSwap, Packages, RouterAdvertisements)
} | {Sysctl.kind: Sysctl, Unit.kind: Unit}
_FIREWALLS: dict[str, type[Resource]] = {"nftables": Nftables, "iptables": Iptables, "firewalld": Firewalld}


def kind_of(prior: Prior) -> type[Resource] | None:
    """The kind of a recorded line; None where this release has no such kind."""
    return _FIREWALLS.get(prior.name) if prior.kind == "firewall" else _KINDS.get(prior.kind)


def restore(prior: Prior) -> str:
    """Shell that gives one resource back as it was; empty where there is nothing to give back."""
    kind = kind_of(prior)
    return kind.restore(prior.name, prior.line, kept=FILES) if kind else ""


class LeftDirectory(Directory):
    """A directory that was not there; one with something in it is not ours any more."""

    def observe(self) -> str:
        return f'if [ -n "$(ls -A {quote(self.path)} 2>/dev/null)" ]; then echo absent; else {super().observe()}; fi'


def question(prior: Prior) -> Resource | None:
    """A resource that can be observed to compare the host with a recorded line; None where a name does not suffice."""
    match prior.kind:
        case "sysctl":
            return Sysctl(prior.name, "")
        case "file":
            return File(prior.name, None)
        case "directory":
            return LeftDirectory(prior.name) if prior.line == "absent" else Directory(prior.name)
        case "unit":
            return Unit(prior.name)
        case "binary":
            return File(prior.name, None)
    return None


def differs(prior: Prior, line: str) -> bool:
    """Whether a host differs from a recorded line, given what `question` was answered.

    What a unit was last started with, and a running one's state of a moment, are not compared.
    """
    if prior.kind == "unit":
        return _unit(prior.line) != _unit(line)
    if prior.kind == "binary":
        now = "absent" if line == "absent" else line.rpartition(" ")[2]
        return (*prior.line.split(" "), "absent")[1] != now
    return prior.line != line


def _unit(line: str) -> tuple[bool, str]:
    enabled = Unit.fields(line).get("UnitFileState", "")
    return Unit.was_active(line), "" if enabled == "disabled" else enabled
