"""What is broken of an encrypting mode on one of two machines, so that what its pods say leaves in the clear."""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.mutations import CLUSTER, MODE, WIRE, Mutation, on

from .installed_mode import InstalledMode
from .site import GUESTS

MEASURED_ON = "measured on two virtual machines"
ROUTER = "router"
_BROKEN, _OTHER = GUESTS
_KEPT = "/run/mutation"
_TUNNEL = "mutation0"
# What lists policies is made what adds them; those of sockets have no template.
_POLICIES = (
    'awk \'/^src/{s=$0} /dir/{sub(/ptype.*/, ""); d=$0} /tmpl/{t=$0} /proto/{print "xfrm policy add", s d t $0}\''
)


def link_down(installed: InstalledMode) -> Mutation:
    """Its routes go with it, and the default route takes what they led."""
    link, pods = _link(installed), installed.vm_cluster.cluster.pod_subnet
    return Mutation(
        f"{installed.mode}: the encrypting link down on one node ({MEASURED_ON})",
        on(_BROKEN, f"ip route show {pods} >{_KEPT}", f"ip link set {link} down"),
        on(_BROKEN, f"ip link set {link} up", f"ip route replace $(cat {_KEPT})"),
        (WIRE, MODE),
    )


def route_replaced(installed: InstalledMode) -> Mutation:
    """The router knows a way: everything arrives."""
    pods, pod, other = (
        installed.vm_cluster.cluster.pod_subnet,
        installed.pods[_OTHER],
        installed.vm_cluster.cluster.node(_OTHER),
    )
    gateway = next(g.gateway for g in installed.site.guests if g.name == _BROKEN)
    return Mutation(
        f"{installed.mode}: the route to pods leads past the tunnel, and everything arrives ({MEASURED_ON})",
        (
            *on(ROUTER, f"ip route replace {pod} via {other.address}"),
            *on(_BROKEN, f"ip route show {pods} >{_KEPT}", f"ip route replace {pods} via {gateway}"),
        ),
        (*on(_BROKEN, f"ip route replace $(cat {_KEPT})"), *on(ROUTER, f"ip route del {pod}")),
        (WIRE, MODE),
    )


def tunnel_beside(installed: InstalledMode) -> Mutation:
    """Outermost are the nodes' addresses: no filter for pods' finds it, the payload does."""
    one, other = (installed.vm_cluster.cluster.node(name).address for name in GUESTS)
    pod = installed.pods[_OTHER]

    def tunnel(local: object, remote: object) -> str:
        made = f"ip link add {_TUNNEL} type ipip local {local} remote {remote}"
        return f"modprobe ipip; {made}; ip link set {_TUNNEL} up"

    return Mutation(
        f"{installed.mode}: an unencrypted tunnel next to it, and everything arrives ({MEASURED_ON})",
        (
            *on(_OTHER, tunnel(other, one)),
            *on(_BROKEN, tunnel(one, other), f"ip route add {pod} dev {_TUNNEL}"),
        ),
        tuple((name, f"ip link del {_TUNNEL}; modprobe -r ipip") for name in GUESTS),
        (WIRE,),
    )


def policies_flushed(installed: InstalledMode) -> Mutation:
    """The other node goes on to encrypt, and takes nothing that is not."""
    return Mutation(
        f"{installed.mode}: the policies of one node flushed ({MEASURED_ON})",
        on(_BROKEN, f"ip xfrm policy list | {_POLICIES} >{_KEPT}", "ip xfrm policy flush"),
        on(_BROKEN, f"ip -batch {_KEPT}"),
        (WIRE, MODE),
    )


def clock_off(installed: InstalledMode) -> Mutation:
    """Nothing sets it back by itself: the machines keep no time."""
    return Mutation(
        f"a node's clock a minute ahead ({MEASURED_ON})",
        on(_BROKEN, "date -s '+60 seconds'"),
        on(_BROKEN, "date -s '-60 seconds'"),
        (f"{CLUSTER}the clocks",),
    )


def _link(installed: InstalledMode) -> str:
    (link,) = installed.vm_cluster.network.links((4,))  # type: ignore[attr-defined]
    return str(link)


MUTATIONS: list[tuple[str, Callable[[InstalledMode], Mutation]]] = [
    ("flannel-wireguard", link_down),
    ("flannel-wireguard", route_replaced),
    ("flannel-wireguard", tunnel_beside),
    ("flannel-wireguard", clock_off),
    ("flannel-ipsec", policies_flushed),
]
