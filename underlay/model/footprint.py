"""What a network leaves on a host, so that it can be recognised and removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class LinkKind:
    """What a link of this name is where a mode made it: others use the name, too.

    `name` as in `Traces.links`, `kinds` as `ip -d link` prints them, `rest` an expression for what the * stands for.
    Of a `shared` name, a link whose addresses are none of the pods' is not the mode's.
    """

    name: str
    kinds: tuple[str, ...]
    rest: str = ".*"
    shared: bool = False


@dataclass(frozen=True)
class Traces:
    """What this mode creates and no other.

    Link names (a trailing * stands for the rest) and what links of these names are, nftables tables (family and name),
    iptables chains (one that ends in - or _ is a prefix), address sets (a trailing * as with links), paths, routing
    protocols (`ip route … proto N`), priorities of routing rules, BPF programs attached to links that are not its own
    and BPF pins (both with a trailing *), and whether XFRM state is its own. `mounts` are below the paths, and are
    removed before them.
    """

    links: tuple[str, ...] = ()
    link_kinds: tuple[LinkKind, ...] = ()
    nft_tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    address_sets: tuple[str, ...] = ()
    route_protocols: tuple[str, ...] = ()
    rule_priorities: tuple[int, ...] = ()
    programs: tuple[str, ...] = ()
    bpf_pins: tuple[str, ...] = ()
    xfrm: bool = False
    mounts: tuple[str, ...] = ()


def is_named(chain: str, names: Iterable[str]) -> bool:
    """Whether an iptables chain is one of these, as in `Traces.chains`."""
    return any(chain.startswith(name) if name.endswith(("-", "_")) else chain == name for name in names)
