"""What another mode or a policy engine left on a node: links, tables, chains, routes and CNI configurations."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.footprint import Traces, is_named
from underlay.model.link_evidence import carries, is_made, matches
from underlay.model.routes import Routes
from underlay.networks.network import Network
from underlay.networks.pod_routes import routes_to_pods
from underlay.networks.pod_subnet import PROTOCOL, STATIC_PROTOCOL
from underlay.networks.registry import modes
from underlay.policy_engines import kube_router

CNI = "/etc/cni/net.d"
_COMMAND = f"""
ip -d -json address show
ip -json route show table all
ip -6 -json route show table all
nft list tables 2>/dev/null | sed 's/^table /nft /'
{{ iptables-save; ip6tables-save; }} 2>/dev/null | sed -n 's/^:\\([^ ]*\\) .*/chain \\1/p' | sort -u
for file in {CNI}/*; do [ -f "$file" ] && echo "file $file"; done; true
"""
# A routing daemon of the site marks its routes with these as well.
_SHARED_PROTOCOLS = ("bgp", "bird")


def leftover_checks(
    cluster: Cluster, network: Network, *, accepted: Collection[str] = (), has_engine: bool = False
) -> list[Check]:
    """One for each node; none for a network that Underlay does not install.

    :param accepted: codes of preflight: with link-present, links that carry no pods' packets are left alone.
    :param has_engine: whether a policy engine stands beside the network, whose rules are not left then.
    """
    if not network.carries_pods:
        return []
    others = {name: mode(**mode.example()).traces() for name, mode in modes().items() if name != network.mode}
    if not has_engine:
        others[kube_router.NAME] = kube_router.TRACES
    judge = partial(found, cluster, _own(cluster, network), others, foreign_links="link-present" in accepted)
    look = (
        "`ip -d link`, `ip route show table all`, /etc/cni/net.d; remove what is named: `ip link delete NAME`, and of "
        "what a kernel module makes, as tunl0, `ip address flush dev NAME; ip link set NAME down`; of "
        f"{kube_router.NAME}: `{kube_router.CLEANUP}`"
    )
    return [Check("no traces of other modes", n.name, _COMMAND, judge, look) for n in cluster.nodes]


def _own(cluster: Cluster, network: Network) -> Traces:
    """The network's traces, and those of the routes that are installed for any network."""
    own = network.traces()
    protocols = {Routes.BGP: (PROTOCOL,), Routes.STATIC: (STATIC_PROTOCOL,)}.get(cluster.routes, ())
    return replace(own, route_protocols=(*own.route_protocols, *protocols))


def found(
    cluster: Cluster, own: Traces, others: dict[str, Traces], output: str, *, foreign_links: bool = False
) -> str | None:
    """Everything that is another mode's and not this one's, with the modes that create it.

    :param foreign_links: whether links that only look like a mode's are accepted.
    """
    links, *routes = output.splitlines()[:3]
    rows = [line.partition(" ")[::2] for line in output.splitlines()[3:]]
    of = {kind: [value for found, value in rows if found == kind] for kind in ("nft", "chain", "file")}
    to_pods = [r for v in cluster.families for text in routes for r in routes_to_pods(text, cluster, v)]
    routed = {str(r.get("dev", "")) for r in to_pods}
    foreign = [link for link in json.loads(links) if not matches(link["ifname"], own.links)]
    if foreign_links:
        foreign = [link for link in foreign if carries(link, cluster.pod_subnets, routed)]
    protocols = sorted({str(r.get("protocol", "")) for r in to_pods})
    modes_of: dict[str, list[str]] = {}
    for mode, traces in others.items():
        left = [f"link {n['ifname']}" for n in foreign if is_made(n, traces, pods=cluster.pod_subnets, routed=routed)]
        left += [f"nftables table {t}" for t in of["nft"] if t in traces.nft_tables and t not in own.nft_tables]
        left += [f"chain {c}" for c in of["chain"] if is_named(c, traces.chains) and not is_named(c, own.chains)]
        left += [f"routes to pods by protocol {p}" for p in protocols if p in _differing(traces, own)]
        left += [f for f in of["file"] if f in traces.files and f not in own.files]
        for trace in left:
            modes_of.setdefault(trace, []).append(mode)
    problems = [f"{trace} (of {_of(names)})" for trace, names in modes_of.items()]
    return "; ".join([*problems, *_first_configuration(own, of["file"], modes_of)]) or None


def _first_configuration(own: Traces, files: Iterable[str], reported: Iterable[str]) -> Iterator[str]:
    """containerd uses the first configuration by name: it has to be this mode's."""
    kinds = (".conf", ".conflist", ".json")
    configurations = sorted(f for f in files if PurePosixPath(f).suffix in kinds)
    if configurations and configurations[0] not in own.files and configurations[0] not in reported:
        yield f"containerd uses {configurations[0]}, which is not this mode's"


def _differing(traces: Traces, own: Traces) -> set[str]:
    return set(traces.route_protocols) - set(own.route_protocols) - set(_SHARED_PROTOCOLS)


def _of(modes_: list[str]) -> str:
    return modes_[0] if len(modes_) == 1 else f"{modes_[0]} and {len(modes_) - 1} more"
