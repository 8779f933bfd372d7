"""What a network leaves on a host, so that it can be recognised and removed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Traces:
    """What this mode creates and no other.

    Link names (a trailing * stands for the rest), nftables tables (family and name), prefixes of iptables chains,
    paths, routing protocols (`ip route … proto N`), priorities of routing rules, BPF pins, and whether XFRM state is
    its own. `mounts` are below the paths, and are removed before them.
    """

    links: tuple[str, ...] = ()
    nft_tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    route_protocols: tuple[str, ...] = ()
    rule_priorities: tuple[int, ...] = ()
    bpf_pins: tuple[str, ...] = ()
    xfrm: bool = False
    mounts: tuple[str, ...] = ()
