"""What the measurements between hosts mean: findings, one for each fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from underlay.findings import host_sets
from underlay.findings.finding import Finding
from underlay.model.cluster import Cluster
from underlay.networks.network import Network

from .lane_findings import lane_findings, source_findings
from .link_findings import claim_findings, hardware_findings, tunnel_findings
from .measurements import Measurements
from .path_findings import path_findings, segment_findings
from .sampled_pairs import ALL_UP_TO
from .wire_plan import WirePlan
from .wire_result import HostContext, WireResult

# etcd.io/docs, hardware recommendations: the 99th percentile of a WAL fsync below 10 ms. If the 90th of a short sample
# is above it, so is the 99th.
FSYNC_MS, _PERCENTILE = 10.0, 0.9


def judge_wire(
    cluster: Cluster, network: Network, plan: WirePlan, measured: Measurements, context: HostContext
) -> list[Finding]:
    """Everything that is wrong between the hosts, in no order of gravity."""
    result = WireResult(cluster, network, plan, measured, context)
    return [
        *_unprobed(measured),
        *lane_findings(result),
        *source_findings(result),
        *path_findings(result),
        *segment_findings(result),
        *claim_findings(result),
        *hardware_findings(result),
        *tunnel_findings(result),
        *_routers(cluster, measured),
        *_storage(measured),
        *_sampled(cluster, plan),
    ]


def judge_second(
    cluster: Cluster, network: Network, plan: WirePlan, measured: Measurements, context: HostContext
) -> list[Finding]:
    """What is wrong between the hosts' second addresses; what is the same with the first ones is left to these.

    :param cluster: as `second_family` gives it.
    """
    result = WireResult(cluster, network, plan, measured, context)
    found = (
        *lane_findings(result),
        *source_findings(result),
        *path_findings(result),
        *segment_findings(result),
    )
    return [replace(f, measured=f"over IPv{cluster.first.address.version}: {f.measured}") for f in found]


def _unprobed(measured: Measurements) -> Iterator[Finding]:
    reasons: dict[str, list[str]] = {}
    for host, why in measured.silent_hosts.items():
        reasons.setdefault(why, []).append(host)
    for why, names in reasons.items():
        remedy = "install python3-minimal for the deploy, or accept that these hosts are not probed"
        yield Finding("host-unprobed", host_sets.name_hosts(names), why, remedy, tuple(names))


def _routers(cluster: Cluster, measured: Measurements) -> Iterator[Finding]:
    if cluster.bgp is None:
        return
    declared = {str(r.address): r for r in cluster.bgp.routers}
    for host, routers in measured.routers.items():
        for address, reply in routers.items():
            router = declared[address]
            where = f"{host} and {router.name}"
            trouble = reply.get("trouble")
            if trouble in ("silent", "refused"):
                why = "does not answer on TCP 179" if trouble == "silent" else "refuses TCP 179"
                remedy = f"configure it to accept {cluster.node(host).address}, and compare the passwords"
                yield Finding("router-silent", where, f"{address} {why}", remedy, (host,))
            elif trouble:
                remedy = "compare AS numbers and addresses in its configuration"
                yield Finding("router-refuses", where, trouble, remedy, (host,))
            elif reply["as"] != router.as_number:
                differs = f"{address} is in AS {reply['as']}, the inventory says {router.as_number}"
                yield Finding("router-as", where, differs, "correct the router's as_number", (host,))


def _storage(measured: Measurements) -> Iterator[Finding]:
    for host, taken in measured.storage.items():
        slow = taken[min(len(taken) - 1, int(len(taken) * _PERCENTILE))]
        if slow > FSYNC_MS:
            yield Finding(
                "disk-slow",
                host,
                f"one in ten durable writes takes {slow:.0f} ms or more, etcd needs {FSYNC_MS:.0f} ms at most",
                "put /var/lib/etcd on a faster disk",
                (host,),
            )


def _sampled(cluster: Cluster, plan: WirePlan) -> Iterator[Finding]:
    if len(cluster.nodes) > ALL_UP_TO:
        probed = len({(f.source, f.target) for f in plan.flows})
        every = len(cluster.nodes) * (len(cluster.nodes) - 1)
        yield Finding("sampled", "the cluster", f"{probed} of {every} directed pairs were probed", "")
