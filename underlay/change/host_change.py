"""What a change does on one host, before the new network is there and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from shlex import quote

from underlay.model.attachment import Attachment
from underlay.model.cluster import Cluster
from underlay.model.footprint import Traces
from underlay.model.node import Node
from underlay.networks.network import Network
from underlay.plan.attempt import ENDING
from underlay.plan.host_record import Prior
from underlay.reset.footprint import Footprint, footprint_of, traces_of
from underlay.reset.host_script import in_steps, of_resources, traces_removal
from underlay.reset.kinds import restore
from underlay.reset.questions import HostState
from underlay.resources.resource import Resource

# What one network alone needs of a host. A list of packages is another resource when another network adds to it, and
# modules may be in use by anybody: both go with a reset.
_KINDS = ("file", "directory", "unit", "binary", "sysctl")
# The portmap plugin's, for pods that have ended without it.
_OF_PODS = Traces(chains=("CNI-",), nft_tables=("inet cni_hostport", "ip cni_hostport", "ip6 cni_hostport"))


def leftovers(cluster: Cluster, network: Network, node: Node, state: HostState) -> Footprint:
    """What a node has of the networks in its record, and not of its own."""
    own = network.traces()
    earlier = traces_of(state.modes)
    if not network.carries_pods:
        earlier.append(_OF_PODS)
    stale = [without(traces, own) for traces in earlier]
    return footprint_of(stale, cluster, state, keeps=lambda route: network.is_own_route(cluster, node, route))


def without(traces: Traces, own: Traces) -> Traces:
    """Traces less those of another network. Of routes each says itself whose it is: see `Network.is_own_route`."""
    shared = {link.name for link in own.link_kinds} & set(own.links)
    rest = {
        f.name: tuple(one for one in getattr(traces, f.name) if one not in getattr(own, f.name))
        for f in fields(Traces)
        if f.name not in ("xfrm", "link_kinds", "route_protocols")
    }
    kinds = tuple(kind for kind in traces.link_kinds if kind.name not in shared)
    return replace(traces, **rest, link_kinds=kinds, xfrm=traces.xfrm and not own.xfrm)


def no_longer_declared(prior: Iterable[Prior], resources: Iterable[Resource]) -> list[Prior]:
    """What a host's record can give back, since the new network does not declare it; the last applied first."""
    declared = {(r.kind, r.name) for r in resources}
    return [p for p in reversed([*prior]) if p.kind in _KINDS and (p.kind, p.name) not in declared]


def before_script(old: Attachment, new: Attachment, *, mtu: int, adoption: str) -> str:
    """Shell that lets both networks note pods' addresses in one place, so that none is given twice.

    :param mtu: bytes that both networks carry. :param adoption: see `Network.adoption`.
    """
    return "\n".join(
        ["set -eu", f"rm -f {ENDING}", _share(old.addresses, new.addresses), adoption, pods_mtu(new.bridge, mtu), ""]
    )


def _share(old: str, new: str) -> str:
    if old == new:
        return ""
    return f"""\
if [ -d {old} ] && [ ! -L {old} ]; then
  (
    flock 9
    # Of an earlier change, or of one the other way.
    if [ -L {new} ]; then rm {new}; elif [ -d {new} ]; then cp -an {new}/. {old}/; rm -rf {new}; fi
    mv -T {old} {new}; ln -s {new} {old}
  ) 9>>{old}/lock
fi"""


def pods_mtu(bridge: str, mtu: int) -> str:
    """Shell that sets the MTU of a bridge, of pods' links on it and of their ends in the pods, in bytes."""
    return f"""\
if [ -e /sys/class/net/{bridge} ]; then
  ip -o link show master {bridge} type veth | sed -n 's/^[0-9]*: \\([^@:]*\\)@.*/\\1/p' |
    while read -r l; do ip link set "$l" mtu {mtu} || :; done
  ip netns list 2>/dev/null | sed -n 's/^\\(cni-[-0-9a-f]*\\).*/\\1/p' |
    while read -r n; do ip -n "$n" link set eth0 mtu {mtu} 2>/dev/null || :; done
  ip link set {bridge} mtu {mtu}
fi"""


def after_script(found: Footprint, given_back: Collection[Prior], *, adoption: str, mtu: str) -> str:
    """Shell that removes what the old network has left, and gives back what it alone needed.

    :param adoption: see `Network.adoption`; for pods that were made since. :param mtu: see `pods_mtu`.
    """
    steps = [
        ("pods' notes", adoption),
        *((f"{p.kind} {p.name}", restore(p)) for p in given_back),
        ("the old network's traces", traces_removal(found)),
        ("what ends pods", f"rm -f {ENDING}"),
        ("directories", of_resources(given_back)),
        ("pods' MTU", mtu),
        *([("units", "systemctl daemon-reload")] if any(p.kind in ("unit", "file") for p in given_back) else []),
    ]
    return in_steps(steps) + "\n"


def words(found: Footprint, given_back: Collection[Prior]) -> list[str]:
    """What goes from a host, as an operator reads it."""
    kinds: dict[str, list[str]] = {}
    for prior in given_back:
        kinds.setdefault(prior.kind, []).append(prior.name)
    return [
        *(f"{line} go" for line in found.sentences),
        *(f"{kind} {', '.join(map(quote, names))}: as before Underlay" for kind, names in kinds.items()),
    ]
