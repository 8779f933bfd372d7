"""The lab's network: one router, a switch for each rack, and the wire from this machine to it."""

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from underlay.lab.model import naming
from underlay.lab.model.errors import LabError
from underlay.lab.model.topology import Lab, LabNode
from underlay.lab.system.commands import batch, run

from . import namespaces

_HERE = Path("/sys/class/net")


def ensure(lab: Lab) -> None:
    """Make the router, its racks and the route to them, or what is missing of them."""
    name, here = naming.router(lab.name), naming.uplink(lab.name)
    if not namespaces.usable(name):
        remove(lab.name)
        namespaces.add(name)
    links = {link["ifname"] for link in _json("-n", name, "link")}
    if naming.UPLINK not in links:
        batch([f"link add {here} type veth peer name {naming.UPLINK} netns {name}"])
    lines = [
        "link set lo up",
        f"addr replace {lab.uplink_router}/30 dev {naming.UPLINK}",
        f"link set {naming.UPLINK} up",
        f"route replace default via {lab.uplink_here}",
    ]
    batch([f"addr replace {lab.uplink_here}/30 dev {here}", f"link set {here} up"])
    for bridge in (
        *(naming.bridge(rack) for rack in range(1, lab.racks + 1)),
        *([naming.FABRIC] if lab.routers else []),
    ):
        lines += [] if bridge in links else [f"link add {bridge} type bridge"]
        lines += [f"link set {bridge} up"]
    lines += _with_routers(lab) if lab.routers else _without_routers(lab)
    batch(lines, namespace=name)
    _forward(name, v6=bool(lab.network_v6))
    batch([f"route replace {lab.network} via {lab.uplink_router} dev {here}"])


def _without_routers(lab: Lab) -> list[str]:
    """This router is every rack's gateway."""
    racks = range(1, lab.racks + 1)
    lines = [f"addr replace {lab.gateway(rack)}/24 dev {naming.bridge(rack)}" for rack in racks]
    if lab.network_v6:
        lines += [f"addr replace {lab.gateway_v6(rack)}/64 dev {naming.bridge(rack)} nodad" for rack in racks]
    return lines


def _with_routers(lab: Lab) -> list[str]:
    """Racks are behind router hosts of their own, which this router reaches over the segment that joins them."""
    lines = [f"addr replace {lab.fabric[254]}/24 dev {naming.FABRIC}"]
    for node in lab.nodes:
        if node.fabric and node.address == lab.gateway(node.rack):
            rack = IPv4Network((int(node.address) & ~255, 24))
            # Not yet there while the router host boots: the kernel resolves the next hop when a packet comes.
            lines.append(f"route replace {rack} via {node.fabric} dev {naming.FABRIC} onlink")
    return lines


def plug(lab: Lab, node: LabNode) -> None:
    """Give a host its network namespace, with eth0 on its rack; from outside, so that it outlasts reboots."""
    name = naming.namespace(lab.name, node.name)
    unplug(lab.name, node.name)
    namespaces.add(name)
    hardware = ":".join(f"{byte:02x}" for byte in node.address.packed)
    wires = [(node.name, "eth0", naming.bridge(node.rack), f"02:00:{hardware}", f"{node.address}/24")]
    if node.fabric:
        fabric = naming.fabric_port(node.name)
        wires.append((fabric, "eth1", naming.FABRIC, f"02:01:{hardware}", f"{node.fabric}/24"))
    outside: list[str] = []
    inside = ["link set lo up"]
    for port, link, bridge, mac, address in wires:
        outside += [
            f"link add {port} type veth peer name {link} address {mac} netns {name}",
            f"link set {port} master {bridge} up",
        ]
        inside += [f"addr add {address} dev {link}", f"link set {link} up"]
    batch(outside, namespace=naming.router(lab.name))
    inside.append(f"route add default via {node.gateway}")
    if node.address_v6:
        # In use at once: nobody else can have it.
        inside.append(f"addr add {node.address_v6}/64 dev eth0 nodad")
        inside.append(f"route add ::/0 via {lab.gateway_v6(node.rack)}")
    batch(inside, namespace=name)
    if node.fabric:
        _forward(name)


def unplug(lab: str, node: str) -> None:
    """Remove a host's namespace and, at once, its port on the rack's switch."""
    namespaces.remove(naming.namespace(lab, node))
    router = naming.router(lab)
    ports = {node, naming.fabric_port(node)}
    for link in _json("-n", router, "link") if namespaces.usable(router) else ():
        if link["ifname"] in ports:
            try:
                run("ip", "-n", router, "link", "del", link["ifname"])
            except LabError:  # gone meanwhile, with the namespace at its other end
                continue


def _forward(namespace: str, *, v6: bool = False) -> None:
    sysctls = ("net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
    more = ("net.ipv6.conf.all.forwarding=1",) if v6 else ()
    run("nsenter", f"--net={namespaces.path(namespace)}", "sysctl", "-qw", *sysctls, *more)


def remove(lab: str) -> None:
    """Remove the router and the wire to it; the route goes with the wire."""
    uplink = naming.uplink(lab)
    if (_HERE / uplink).exists():
        try:
            run("ip", "link", "del", uplink)
        except LabError:  # gone meanwhile, with a router that a killed command removed
            if (_HERE / uplink).exists():
                raise
    namespaces.remove(naming.router(lab))


def labs() -> list[str]:
    """Every lab that has a wire from this machine."""
    prefix = naming.uplink("")
    return sorted(path.name.removeprefix(prefix) for path in _HERE.glob(f"{prefix}*"))


def refuse_overlap(lab: Lab) -> None:
    """Leave a network alone that this machine already reaches some other way."""
    network = IPv4Network(lab.network)
    for route in _json("-4", "route"):
        if route["dst"] == "default" or route.get("dev") == naming.uplink(lab.name):
            continue
        if network.overlaps(IPv4Network(route["dst"])):
            raise LabError(
                f"network {lab.network} of lab {lab.name} overlaps this machine's route "
                f"{route['dst']} dev {route.get('dev')}; choose another"
            )


def _json(*arguments: str) -> list[Any]:
    shown: list[Any] = json.loads(run("ip", "-j", *arguments) or "[]")
    return shown
