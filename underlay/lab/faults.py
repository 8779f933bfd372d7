"""Faults of a network to inject into a lab, each with its repair."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from shlex import quote

from underlay.lab.host import namespaces
from underlay.lab.model import naming
from underlay.lab.model.topology import Lab
from underlay.lab.system.commands import run

from . import image

ROUTER = "router"
"""The router namespace of the lab, whose bridges are the racks' switches."""


@dataclass(frozen=True)
class Fault:
    """A fault: `at` is a host's name or ROUTER; `inject` and `mend` are shell, run in its network namespace.

    Faults are of the network alone; tests change a host's disk over SSH.
    """

    name: str
    at: str
    inject: str
    mend: str


def _table(family: str, name: str) -> str:
    return f"nft delete table {family} fault_{name} 2>/dev/null || true"


def drop(match: str, *, at: str, source: str = "", target: str = "") -> Fault:
    """Drop matching packets in one direction, at the switch and the router.

    :param match: an nftables expression: `udp dport 8472`, `meta l4proto 4`.
    :param source, target: addresses; empty for any.
    """
    where = " ".join(f"ip {end} {address}" for end, address in (("saddr", source), ("daddr", target)) if address)
    rules = [
        "add table bridge fault_drop",
        "add chain bridge fault_drop c { type filter hook forward priority 0; }",
        f"add rule bridge fault_drop c ether type ip {where} {match} drop",
        "add table ip fault_drop",
        "add chain ip fault_drop c { type filter hook forward priority 0; }",
        f"add rule ip fault_drop c {where} {match} drop",
    ]
    return Fault("drop", at, _nft(rules), f"{_table('bridge', 'drop')}; {_table('ip', 'drop')}")


def reject(match: str, *, at: str, target: str) -> Fault:
    """Reject matching packets to a host, by ICMP from the router."""
    rules = [
        "add table ip fault_reject",
        "add chain ip fault_reject c { type filter hook forward priority 0; }",
        f"add rule ip fault_reject c ip daddr {target} {match} reject with icmp admin-prohibited",
    ]
    return Fault("reject", at, _nft(rules), _table("ip", "reject"))


def narrow(rack: int, mtu: int, *, silent: bool = False) -> Fault:
    """Limit packets to a rack to `mtu` bytes; `silent` suppresses the router's ICMP errors to hosts.

    This machine still gets them, or SSH would hang.
    """
    bridge = naming.bridge(rack)
    mute = [
        "add table ip fault_mute",
        "add chain ip fault_mute c { type filter hook output priority 0; }",
        f'add rule ip fault_mute c oifname "{naming.bridge(0)[:-1]}*" icmp type destination-unreachable drop',
    ]
    return Fault(
        "narrow",
        ROUTER,
        f"ip link set {bridge} mtu {mtu}" + (f"; {_nft(mute)}" if silent else ""),
        f"ip link set {bridge} mtu 1500; {_table('ip', 'mute')}",
    )


def nat(rack: int) -> Fault:
    """Masquerade packets to a rack behind the router's address."""
    rules = [
        "add table ip fault_nat",
        "add chain ip fault_nat c { type nat hook postrouting priority 100; }",
        f"add rule ip fault_nat c oifname {naming.bridge(rack)} masquerade",
    ]
    return Fault("nat", ROUTER, _nft(rules), _table("ip", "nat"))


def disguise(lab: Lab) -> tuple[Fault, ...]:
    """Make two segments look like one subnet: hosts get a /16, and the router answers ARP for the other rack."""
    hosts = tuple(
        Fault(
            "disguise",
            node.name,
            f"ip addr add {node.address}/16 dev eth0; ip addr del {node.address}/24 dev eth0;"
            f" ip route replace default via {node.gateway}",
            f"ip addr add {node.address}/24 dev eth0; ip addr del {node.address}/16 dev eth0;"
            f" ip route replace default via {node.gateway}; ip neigh flush dev eth0",
        )
        for node in lab.nodes
    )
    names = [naming.bridge(rack) for rack in range(1, lab.racks + 1)]
    setting = "; ".join(f"sysctl -qw net.ipv4.conf.{name}.proxy_arp=%d" for name in names)
    return (*hosts, Fault("disguise", ROUTER, setting.replace("%d", "1"), setting.replace("%d", "0")))


def corrupt(port: int, *, source: str) -> Fault:
    """Change two bytes of every large TCP segment of a host inside VXLAN, as a broken offload of a NIC does."""
    rules = [
        "add table ip fault_corrupt",
        "add chain ip fault_corrupt c { type filter hook forward priority 0; }",
        f"add rule ip fault_corrupt c ip saddr {source} udp dport {port} ip length > 1000"
        # Behind UDP, VXLAN, Ethernet, IPv4 and TCP: the protocol of the inner packet, and an offset in its payload.
        " @th,312,8 6 @th,800,16 set 0xdead",
    ]
    return Fault("corrupt", ROUTER, _nft(rules), _table("ip", "corrupt"))


def _nft(lines: list[str]) -> str:
    return "nft -f - <<'END'\n" + "\n".join(lines) + "\nEND\n"


@contextmanager
def injected(lab: Lab, *faults: Fault) -> Iterator[None]:
    """Inject faults for the block, and mend them however it ends."""
    try:
        for fault in faults:
            _run(lab, fault, fault.inject)
        yield
    finally:
        for fault in reversed(faults):
            _run(lab, fault, fault.mend)


def _run(lab: Lab, fault: Fault, script: str) -> None:
    name = naming.router(lab.name) if fault.at == ROUTER else naming.namespace(lab.name, fault.at)
    # This machine may have no nft; the hosts' image has.
    nft = f'nft() {{ chroot {quote(str(image.base()))} /usr/sbin/nft "$@"; }}\n'
    run("nsenter", f"--net={namespaces.path(name)}", "sh", "-eu", stdin=nft + script)
