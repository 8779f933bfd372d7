"""The lab's network: a router, a switch for each rack, and the link from this machine to the router."""

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
    """Create what is missing of the router, its racks and the route to them."""
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
    """`ip` commands that make the router every rack's gateway."""
    racks = range(1, lab.racks + 1)
    lines = [f"addr replace {lab.gateway(rack)}/24 dev {naming.bridge(rack)}" for rack in racks]
    if lab.network_v6:
        lines += [f"addr replace {lab.gateway_v6(rack)}/64 dev {naming.bridge(rack)} nodad" for rack in racks]
    return lines


def _with_routers(lab: Lab) -> list[str]:
    """`ip` commands for racks behind router hosts, which the router reaches over the segment between them."""
    lines = [f"addr replace {lab.fabric[254]}/24 dev {naming.FABRIC}"]
    for node in lab.nodes:
        if node.fabric and node.address == lab.gateway(node.rack):
            rack = IPv4Network((int(node.address) & ~255, 24))
            # onlink: the router host may still be booting.
            lines.append(f"route replace {rack} via {node.fabric} dev {naming.FABRIC} onlink")
    return lines


def plug(lab: Lab, node: LabNode) -> None:
    """Create a host's network namespace, with eth0 on its rack; it outlives reboots of the host."""
    name = naming.namespace(lab.name, node.name)
    unplug(lab.name, node.name)
    namespaces.add(name)
    hardware = ":".join(f"{byte:02x}" for byte in node.address.packed)
    links = [(node.name, "eth0", naming.bridge(node.rack), f"02:00:{hardware}", f"{node.address}/24")]
    if node.fabric:
        fabric = naming.fabric_port(node.name)
        links.append((fabric, "eth1", naming.FABRIC, f"02:01:{hardware}", f"{node.fabric}/24"))
    outside: list[str] = []
    inside = ["link set lo up"]
    for port, link, bridge, mac, address in links:
        outside += [
            f"link add {port} type veth peer name {link} address {mac} netns {name}",
            f"link set {port} master {bridge} up",
        ]
        inside += [f"addr add {address} dev {link}", f"link set {link} up"]
    batch(outside, namespace=naming.router(lab.name))
    inside.append(f"route add default via {node.gateway}")
    if node.address_v6:
        # nodad: the address is unique in the lab, and usable at once.
        inside.append(f"addr add {node.address_v6}/64 dev eth0 nodad")
        inside.append(f"route add ::/0 via {lab.gateway_v6(node.rack)}")
    batch(inside, namespace=name)
    if node.fabric:
        _forward(name)


def unplug(lab: str, node: str) -> None:
    """Remove a host's namespace and its port on the rack's switch."""
    namespaces.remove(naming.namespace(lab, node))
    router = naming.router(lab)
    ports = {node, naming.fabric_port(node)}
    for link in _json("-n", router, "link") if namespaces.usable(router) else ():
        if link["ifname"] in ports:
            try:
                run("ip", "-n", router, "link", "del", link["ifname"])
            except LabError:  # removed meanwhile, with the namespace at its other end
                continue


def _forward(namespace: str, *, v6: bool = False) -> None:
    sysctls = ("net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
    more = ("net.ipv6.conf.all.forwarding=1",) if v6 else ()
    run("nsenter", f"--net={namespaces.path(namespace)}", "sysctl", "-qw", *sysctls, *more)


def remove(lab: str) -> None:
    """Remove the router and the link to it; the kernel removes the route with the link."""
    uplink = naming.uplink(lab)
    if (_HERE / uplink).exists():
        try:
            run("ip", "link", "del", uplink)
        except LabError:  # removed meanwhile, with a router that a killed command removed
            if (_HERE / uplink).exists():
                raise
    namespaces.remove(naming.router(lab))


def labs() -> list[str]:
    """Return the names of labs that have a link to this machine."""
    prefix = naming.uplink("")
    return sorted(path.name.removeprefix(prefix) for path in _HERE.glob(f"{prefix}*"))


def refuse_overlap(lab: Lab) -> None:
    """Refuse a network that overlaps one of this machine's routes.

    :raises LabError: when it does.
    """
    network = IPv4Network(lab.network)
    for route in _json("-4", "route"):
        if route["dst"] == "default" or route.get("dev") == naming.uplink(lab.name):
            continue
        if network.overlaps(IPv4Network(route["dst"])):
            raise LabError(
                f"network: {lab.network} of lab {lab.name} overlaps a route of this machine "
                f"({route['dst']} dev {route.get('dev')}); choose another network"
            )


def _json(*arguments: str) -> list[Any]:
    shown: list[Any] = json.loads(run("ip", "-j", *arguments) or "[]")
    return shown
