"""A packet between nodes as boxes side by side: the data of both the SVG and the text picture."""

from __future__ import annotations

from dataclasses import dataclass

from .comparison import Comparison

# Ethernet's own header on the nodes' link; it is not counted in an MTU.
FRAME = 14


@dataclass(frozen=True)
class Box:
    """`role` is what it is for: frame, network (IP), transport, overlay, crypt, inner, reserve or pod.

    `encrypted` is whether it is unreadable between the nodes.
    """

    name: str
    size: int
    note: str
    role: str
    encrypted: bool = False


_ROLES = (
    ("crypt", ("wireguard", "esp", "ipsec", "crypt", "nacl")),
    ("overlay", ("vxlan", "geneve", "gre", "sleeve", "weave", "flannel")),
    ("network", ("ipv4", "ipv6")),
    ("transport", ("udp", "tcp")),
    ("inner", ("ethernet", "frame")),
)


def boxes(mode: Comparison) -> tuple[Box, ...]:
    """Outermost first; the last one is the pod's packet. Empty where the mode carries no pods."""
    if mode.pod_mtu is None:
        return ()
    headers: list[Box] = []
    for header in mode.headers:
        sealed = any(b.role == "crypt" for b in headers)
        headers.append(Box(header.name, header.size, header.note, role_of(header.name), sealed))
    left = mode.overhead - sum(h.size for h in mode.headers)
    reserve = [Box("kept free", left, "by the plugin", "reserve")] if left > 0 else []
    crypt = mode.traits.encryption
    return (
        Box("Ethernet", FRAME, "node's link", "frame"),
        *headers,
        Box("pod's packet", mode.pod_mtu, f"encrypted: {crypt}" if crypt else "in the clear", "pod", bool(crypt)),
        *reserve,
    )


def growth(mode: Comparison) -> str:
    """By how much a packet grows, for below the headers."""
    grown = sum(h.size for h in mode.headers)
    free = mode.overhead - grown
    return f"{grown} more" + (f", {free} kept free" if free > 0 else "")


def role_of(name: str) -> str:
    lower = name.lower()
    return next((role for role, words in _ROLES if any(word in lower for word in words)), "overlay")
