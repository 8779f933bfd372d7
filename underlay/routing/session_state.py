"""The state of a BGP speaker: its sessions and prefixes, read from FRR's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from underlay.model.bgp_view import UNSIGNED, NeighbourState, View, json_documents, unsigned_of
from underlay.model.cluster import Cluster

from .sessions import of_host

STEADY_SECONDS = 120

# FRR shows a neighbour's hops the same with and without TTL security, so its configuration is read for that alone.
_TTL_SECURITY = (
    'vtysh -c \'show running-config bgpd\' | awk \'$3 == "ttl-security" {l = l s "\\"" $2 "\\""; s = ","} '
    'END {print "{\\"secured\\": [" l "]}"}\''
)

# FRR's counter covers all its runtime; only its log has the times at which sessions came up.
_CAME_UP = (
    "since=$({ "
    f"echo $(($(date +%s) - {STEADY_SECONDS})); stat -c %Y /etc/frr/frr.conf /run/frr/watchfrr.pid 2>/dev/null; "
    """} | sort -n | tail -n 1); journalctl -q -t bgpd -o cat --since "@$since" | """
    r"""awk '/%ADJCHANGE: neighbor .* Up$/ {sub(/.*neighbor /, ""); sub(/[( ].*/, ""); up[$0]++} """
    r"""END {for (n in up) {l = l s "\"" n "\": " up[n]; s = ","}; print "{\"lately\": {" l "}}"}'"""
)


def question(cluster: Cluster, host: str) -> str:
    """Shell that prints everything, one JSON document after another; `read_view` reads it."""
    addresses = [str(far.address) for _, far in of_host(cluster, host)]
    shown = ["bgp neighbors json", "bgp ipv4 unicast json"]
    shown += [f"bgp ipv4 unicast neighbors {a} received-routes json" for a in addresses]
    commands = " ".join(f"-c 'show {command}'" for command in shown)
    return f"{UNSIGNED}; {_TTL_SECURITY}; {_CAME_UP}; vtysh {commands}"


def read_view(cluster: Cluster, host: str, output: str) -> View:
    """The view in the output of `question`."""
    documents = list(json_documents(output))
    if len(documents) < 5:
        return View(trouble="FRR does not answer; is frr.service running?")
    counters, configured, came_up, neighbours, table, *received = documents
    if "secured" not in configured or "lately" not in came_up or "routes" not in table:
        return View(trouble="FRR's answer is not whole; ask again")
    accepted: dict[str, set[str]] = {}
    for prefix, paths in table.get("routes", {}).items():
        for path in paths:
            if "peerId" in path:
                accepted.setdefault(path["peerId"], set()).add(prefix)
    before = {
        str(far.address): frozenset(shown.get("receivedRoutes", {}))
        for (_, far), shown in zip(of_host(cluster, host), received, strict=False)
    }
    found = {
        address: _neighbour(
            data,
            before.get(address, frozenset()),
            frozenset(accepted.get(address, ())),
            secured=address in configured.get("secured", ()),
            recently_established=int(came_up.get("lately", {}).get(address, 0)),
        )
        for address, data in neighbours.items()
        if isinstance(data, dict)
    }
    return View(str(table.get("routerId", "")), found, unsigned_of(counters))


def _neighbour(
    data: Mapping[str, Any],
    received: frozenset[str],
    accepted: frozenset[str],
    *,
    secured: bool,
    recently_established: int,
) -> NeighbourState:
    family = data.get("addressFamilyInfo", {}).get("ipv4Unicast", {})
    reasons = (data.get("lastNotificationReason"), data.get("lastResetDueTo"), data.get("lastErrorCodeSubcode"))
    return NeighbourState(
        state=str(data.get("bgpState", "unknown")),
        remote_as=int(data.get("remoteAs", 0)),
        local_as=int(data.get("localAs", 0)),
        up=data.get("bgpTimerUpMsec", 0) / 1000,
        established=int(data.get("connectionsEstablished", 0)),
        recently_established=recently_established,
        reason=next((str(r) for r in reasons if r), ""),
        ttl_security=secured,
        bfd=str(data.get("peerBfdInfo", {}).get("status", "")),
        sent=int(family.get("sentPrefixCounter", 0)),
        limit=int(family.get("prefixAllowedMax", 0)),
        received=received,
        accepted=accepted,
    )
