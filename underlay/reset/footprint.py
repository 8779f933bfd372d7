"""What Kubernetes and the network have left on a host, found by traces; what only looks like it is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from ipaddress import ip_network
from itertools import chain
from shlex import quote
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.footprint import LinkKind, Traces, is_named
from underlay.model.link_evidence import OF_KERNEL, is_made, matches
from underlay.networks.network import Network
from underlay.networks.pod_routes import routes_to_pods
from underlay.networks.pod_subnet import PROTOCOL, STATIC_PROTOCOL
from underlay.plan.recorded_mode import traces_in

from .kernel_traces import Program, ipsec, name_expression, programs, rules
from .questions import HostState

# kube-proxy's and kube-router's, the kubelet's and those of the portmap and firewall plugins.
KUBERNETES = Traces(
    links=("kube-ipvs0", "cni0"),
    link_kinds=(LinkKind("kube-ipvs0", ("dummy",)), LinkKind("cni0", ("bridge",), shared=True)),
    nft_tables=("ip kube-proxy", "ip6 kube-proxy", "inet cni_hostport", "ip cni_hostport", "ip6 cni_hostport"),
    chains=("KUBE-", "CNI-"),
    address_sets=("KUBE-*", "inet6:KUBE-*"),
)
# What `iptables` of the nft kind makes by itself: they go if nothing is left in them.
OF_IPTABLES = tuple(f"{family} {name}" for family in ("ip", "ip6") for name in ("filter", "nat", "mangle", "raw"))

# Chains that every table of iptables has.
BUILT_IN = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
_WORDS = {
    "kernel_links": "addresses of links",
    "tables": "nftables tables",
    "chains": "iptables chains",
    "sets": "address sets",
    "programs": "BPF programs",
    "ipsec": "IPsec",
}


@dataclass(frozen=True)
class Footprint:
    """What is to go: names of links, routes as arguments of `ip route del`, nftables tables, iptables chains, paths.

    Agents make and drop chains and address sets until they end, so what is removed are those of `patterns` and
    `set_patterns` that are there by then.
    """

    links: tuple[str, ...]
    kernel_links: tuple[str, ...]
    """Links that a module makes: they lose their addresses and are set down."""
    routes: tuple[str, ...]
    rules: tuple[str, ...]
    tables: tuple[str, ...]
    chains: tuple[str, ...]
    patterns: tuple[str, ...]
    """Names of chains; one that ends in - or _ is a beginning."""
    sets: tuple[str, ...]
    set_patterns: tuple[str, ...]
    programs: tuple[Program, ...]
    ipsec: tuple[str, ...]
    """Arguments of `ip xfrm`, see `kernel_traces.ipsec`."""
    paths: tuple[str, ...]
    mounts: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """What goes, kind by kind."""
        shown = [f.name for f in fields(self) if not f.name.endswith("patterns")]
        named = [(_WORDS.get(name, name), [_plain(str(one)) for one in getattr(self, name)]) for name in shown]
        return [f"{kind}: {', '.join(_short(found))}" for kind, found in named if found]


def footprint(cluster: Cluster, network: Network, state: HostState) -> Footprint:
    """What a host has of Kubernetes, of the network, and of every mode that it had before."""
    return footprint_of([KUBERNETES, network.traces(), *traces_of(state.modes)], cluster, state)


def footprint_of(
    traces: Sequence[Traces],
    cluster: Cluster,
    state: HostState,
    *,
    keeps: Callable[[dict[str, Any]], bool] | None = None,
) -> Footprint:
    """What a host has of certain traces.

    :param keeps: which of the routes into pod subnets stay; none without.
    """
    pods = cluster.pod_subnets
    routes = [
        (version, r)
        for version, text in ((4, state.routes[0]), (6, state.routes[1]))
        if version in cluster.families
        for r in routes_to_pods(text, cluster, version)
    ]
    routed = {str(r.get("dev", "")) for _, r in routes}
    was = {path.removeprefix("/sys/class/net/") for path in state.paths if path.startswith("/sys/class/net/")}
    made = [
        link["ifname"]
        for link in json.loads(state.links or "[]")
        if link["ifname"] not in was and any(is_made(link, t, pods=pods, routed=routed) for t in traces)
    ]
    protocols = {PROTOCOL, STATIC_PROTOCOL, *chain.from_iterable(t.route_protocols for t in traces)}
    nodes = {str(address) for node in cluster.nodes for address in node.addresses}
    priorities = {p for t in traces for p in t.rule_priorities}
    names = tuple(dict.fromkeys(chain.from_iterable(t.chains for t in traces)))
    sets = tuple(dict.fromkeys(chain.from_iterable(t.address_sets for t in traces)))
    attached = [name for t in traces for name in t.programs]
    tables = {name for t in traces for name in t.nft_tables} - state.prior_tables
    return Footprint(
        links=tuple(name for name in made if name not in OF_KERNEL),
        kernel_links=tuple(name for name in made if name in OF_KERNEL),
        routes=tuple(
            _route(version, r)
            for version, r in routes
            if r.get("dev") not in made
            and not (keeps and keeps(r))
            # Flannel's own routes have the protocol of `ip route` without one.
            and (r.get("protocol") in protocols or (r.get("gateway") in nodes and r.get("protocol", "boot") == "boot"))
        ),
        rules=tuple(rules(state.rules, priorities, state.prior_rules)),
        tables=tuple(t for t in state.tables if t in tables),
        chains=tuple(c for c in state.chains if is_named(c, names)),
        patterns=names,
        sets=tuple(s for s in state.sets if matches(s, sets) and s not in state.prior_sets),
        set_patterns=sets,
        programs=tuple(programs(state.programs, state.links, attached, going=made)),
        ipsec=tuple(ipsec(state.ipsec, nodes, pods)) if any(t.xfrm for t in traces) else (),
        paths=tuple(
            p
            for p in dict.fromkeys(chain.from_iterable((*t.files, *t.bpf_pins) for t in traces))
            if p not in state.paths
        ),
        mounts=tuple(dict.fromkeys(chain.from_iterable(t.mounts for t in traces))),
    )


def traces_of(lines: Iterable[str]) -> list[Traces]:
    """The traces of the modes that a host's record has."""
    return [traces for line in lines if (traces := traces_in(line))]


def _route(version: int, route: dict[str, object]) -> str:
    kind = route.get("type")
    words = [str(kind)] if kind and kind != "unicast" else []
    words.append(str(ip_network(str(route["dst"]))))
    names = {"gateway": "via", "table": "table", "protocol": "proto", "metric": "metric"}
    if not kind:
        names["dev"] = "dev"
    words += [f"{key} {route[name]}" for name, key in names.items() if route.get(name)]
    return f"-{version} route del {' '.join(words)}"


def _plain(name: str) -> str:
    """As an operator reads it: of a route what it is, not how it goes."""
    return name.partition(" route del ")[2] or name


def _short(names: Sequence[str], most: int = 6) -> list[str]:
    return [*names[:most], f"{len(names) - most} more"] if len(names) > most else list(names)


def chain_expression(patterns: Iterable[str]) -> str:
    """An extended expression that is each of these names, or begins so, and nothing else."""
    return name_expression(f"{p}*" if p.endswith(("-", "_")) else p for p in patterns)


def quoted(names: Iterable[str]) -> str:
    return " ".join(quote(name) for name in names)
