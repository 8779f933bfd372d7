"""Sends the network's own packets between the hosts before anything is installed, and removes what it used."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import gevent
from gevent.pool import Pool
from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.findings.finding import Finding
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.patience import stretched
from underlay.plan.membership import Standing
from underlay.preflight.flows import second_family
from underlay.preflight.links import HostLink, link_with
from underlay.preflight.measurements import Measurements, Replies, read_measurements
from underlay.preflight.prober_script import finish_script, listen_script, probe_script
from underlay.preflight.wire_findings import judge_second, judge_wire
from underlay.preflight.wire_plan import WirePlan, wire_plan, with_tunnel
from underlay.preflight.wire_result import HostContext
from underlay.resources.answer import Answered
from underlay.resources.script import sentence

from .access_error import AccessError
from .command import run_script, tail
from .privilege import root_arguments
from .run import Run, current_run
from .standings import standing_of

# Hosts that are probed in parallel.
_AT_ONCE = 64
# A step takes seconds, many on a busy machine; a host that went down never replies.
_TIMEOUT_S = stretched(60)


def probe_wire(state: State, *, everything: bool = False, say: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """What is wrong between the hosts; the measured path MTU becomes the run's own unless the inventory states one.

    Hosts that are members already are left out unless `everything` is set: verification checks them.

    :param say: called with a line before each step.
    """
    run = current_run()
    cluster, network = run.spec.cluster, run.spec.network
    links = _links(run, cluster)
    members = {n for n in links if _is_in_cluster(n)}
    fresh = None if everything or not members else frozenset(links) - members
    if len(links) < 2 or fresh == frozenset():
        return []
    plan = wire_plan(cluster, network, links, run=os.urandom(4), fresh=fresh)
    found = _measure(state, run, plan, tunnels=not members, say=say)
    run.preflight.measured = found
    second = _probe_second(state, run, fresh=fresh, say=say)
    context = HostContext(
        firewalled={name for name in links if has_closed_firewall(run, name)},
        hardware={name: link.hardware for name, link in links.items()},
        stated=run.spec.path_stated or bool(members),
    )
    measured = [found, *([second.measured] if second else [])]
    path = min((m.path_mtu for m in measured if m.path_mtu), default=None)
    if path and not context.stated:
        run.know_path(path)
    findings = judge_wire(run.spec.cluster, network, plan, found, context)
    if second is not None:
        known = replace(second.cluster, path_mtu=run.spec.cluster.path_mtu)
        findings += judge_second(known, network, second.plan, second.measured, context)
    return findings


@dataclass(frozen=True)
class _SecondFamily:
    """What was planned and measured between the nodes' second addresses."""

    cluster: Cluster
    plan: WirePlan
    measured: Measurements


def _probe_second(
    state: State, run: Run, *, fresh: frozenset[str] | None, say: Callable[[str], None]
) -> _SecondFamily | None:
    """None in a cluster of one IP version."""
    cluster = second_family(run.spec.cluster)
    if cluster is None:
        return None
    links = _links(run, cluster)
    plan = wire_plan(cluster, run.spec.network, links, run=os.urandom(4), fresh=fresh, second=True)
    say(f"once more, over IPv{cluster.first.address.version}")
    return _SecondFamily(cluster, plan, _measure(state, run, plan, tunnels=False, say=say))


def _measure(state: State, run: Run, plan: WirePlan, *, tunnels: bool, say: Callable[[str], None]) -> Measurements:
    hosts = {h.name: h for h in state.inventory.get_active_hosts() if h.name in plan.parts}
    pairs = len({(f.source, f.target) for f in plan.flows})
    say(f"{len(hosts)} hosts listen on the ports and protocols that {run.spec.network.mode} and Kubernetes use")
    listening = _all(state, hosts, lambda name: listen_script(plan.parts[name]))
    ready = {name: hosts[name] for name, reply in listening.items() if "trouble" not in reply}
    say(f"{pairs} directed pairs are probed, {len(plan.flows)} flows in all")
    probed = _all(state, ready, lambda _: probe_script())
    so_far = read_measurements(plan, listening, probed, {})
    parts = plan.parts
    if tunnels:
        path, passing = so_far.path_mtu or run.spec.cluster.path_mtu, so_far.passing(plan.carriers)
        guarded = {name for name in ready if has_firewall(run, name)}

        def passes(source: str, target: str) -> bool:
            return passing(source, target) and not {source, target} & guarded

        parts = with_tunnel(plan, run.spec.network, run.spec.cluster, path=path, passing=passes)
    tunnelled = any(part["tunnel"] for part in parts.values())
    say("hosts report what arrived" + (", and test TCP in a tunnel" if tunnelled else ""))
    finished = _all(state, ready, lambda name: finish_script(parts[name]))
    return read_measurements(plan, listening, probed, finished)


def _all(state: State, hosts: dict[str, Host], script: Callable[[str], str]) -> Replies:
    """Each host's reply to its script, all in parallel; without a readable one, the `trouble`."""
    pool = Pool(_AT_ONCE)
    jobs = {name: pool.spawn(_one, state, host, script(name)) for name, host in hosts.items()}
    gevent.joinall(list(jobs.values()), raise_error=True)
    return {name: job.value for name, job in jobs.items()}


def _one(state: State, host: Host, script: str) -> dict[str, Any]:
    try:
        with ctx_state.use(state), ctx_host.use(host):
            ran = run_script(host, script, {**root_arguments(host), "_timeout": _TIMEOUT_S})
        return dict(json.loads(ran.out[-1]))
    except AccessError as error:
        return {"trouble": error.reason}
    except (IndexError, TypeError, ValueError):
        return {"trouble": f"its reply is incomplete ({tail(ran.err[-1:]) or 'nothing on stderr'})"}


def _links(run: Run, cluster: Cluster) -> dict[str, HostLink]:
    """The link that has a node's address, of each host that has answered."""
    return {n.name: link for n in cluster.nodes if (link := _link(run, n)) is not None}


def _link(run: Run, node: Node) -> HostLink | None:
    match run.observed.answers.get(node.name, {}).get("addresses"):
        case Answered(line):
            return link_with(line, node.address)
    return None


def _is_in_cluster(name: str) -> bool:
    return standing_of(name) in (Standing.MEMBER, Standing.UNLISTED, Standing.STARTED)


def has_firewall(run: Run, name: str) -> bool:
    """Whether the host runs a firewall, opened or not: neither lets in what is sent inside a tunnel for a moment."""
    known = run.observed.resources.get(name, {})
    return any(r.kind == "firewall" and answer != Answered("none") for r, answer in known.items())


def has_closed_firewall(run: Run, name: str) -> bool:
    """Whether the host runs a firewall that the deploy has yet to open."""
    known = run.observed.resources.get(name, {})
    return any(r.kind == "firewall" and sentence(r, answer) for r, answer in known.items())
