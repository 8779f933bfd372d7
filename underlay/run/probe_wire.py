"""Sends the mode's own packets between the hosts before anything is installed; nothing of it outlasts the run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import gevent
from gevent.pool import Pool
from paramiko import SSHException
from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.findings.finding import Finding
from underlay.plan.host_questions import is_member, is_started
from underlay.preflight.links import Link, carrier
from underlay.preflight.measurements import Measured, measured
from underlay.preflight.prober_script import finish_script, listen_script, probe_script
from underlay.preflight.wire_findings import Known, judge_wire
from underlay.preflight.wire_plan import Facts, WirePlan, wire_plan, with_tunnel

from .command import run_script, tail
from .privilege import way_to_root
from .run import Run, current_run

# Hosts that are asked at once.
_AT_ONCE = 64
# A step takes seconds, on a busy machine many; a host that is gone says nothing ever.
_PATIENCE_S = 60

Said = dict[str, dict[str, Any]]


def probe_wire(state: State, *, everything: bool = False, say: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """What is wrong between the hosts; the measured path becomes the run's own unless the inventory states one.

    Hosts that carry this cluster already are left out, as verification asks them, unless `everything` is wanted.

    :param say: told of each step before it begins.
    """
    run = current_run()
    cluster, network = run.spec.cluster, run.spec.network
    links = {n.name: link for n in cluster.nodes if (link := _carrier(run, n.name)) is not None}
    carrying = {n for n in links if _carries(run, n)}
    fresh = None if everything or not carrying else frozenset(links) - carrying
    if len(links) < 2 or fresh == frozenset():
        return []
    facts = {name: Facts(link.name, link.mtu) for name, link in links.items()}
    plan = wire_plan(cluster, network, facts, run=os.urandom(4), fresh=fresh)
    seen = _measure(state, run, plan, tunnels=not carrying, say=say)
    run.preflight.measured = seen
    known = Known(
        firewalled={name for name in links if _has_closed_firewall(run, name)},
        hardware={name: link.hardware for name, link in links.items()},
        stated=run.spec.path_stated or bool(carrying),
    )
    if seen.path_mtu and not known.stated:
        run.know_path(seen.path_mtu)
    return judge_wire(run.spec.cluster, network, plan, seen, known)


def _measure(state: State, run: Run, plan: WirePlan, *, tunnels: bool, say: Callable[[str], None]) -> Measured:
    hosts = {h.name: h for h in state.inventory.get_active_hosts() if h.name in plan.parts}
    pairs = len({(f.source, f.target) for f in plan.flows})
    say(f"{len(hosts)} hosts listen on what {run.spec.network.mode} and Kubernetes use")
    listening = _all(state, hosts, lambda name: listen_script(plan.parts[name]))
    ready = {name: hosts[name] for name, said in listening.items() if "trouble" not in said}
    say(f"{pairs} directed pairs ask, {len(plan.flows)} ports and protocols in all")
    probed = _all(state, ready, lambda _: probe_script())
    so_far = measured(plan, listening, probed, {})
    parts = plan.parts
    if tunnels:
        path = so_far.path_mtu or run.spec.cluster.path_mtu
        parts = with_tunnel(plan, run.spec.network, run.spec.cluster, path=path, passing=so_far.passing(plan.carriers))
    tried = any(part["tunnel"] for part in parts.values())
    say("hosts tell what they heard" + (", and try TCP in a tunnel" if tried else ""))
    finished = _all(state, ready, lambda name: finish_script(parts[name]))
    return measured(plan, listening, probed, finished)


def _all(state: State, hosts: dict[str, Host], script: Callable[[str], str]) -> Said:
    """What each host said, all at once; of one that said nothing that can be read, the `trouble`."""
    pool = Pool(_AT_ONCE)
    jobs = {name: pool.spawn(_one, state, host, script(name)) for name, host in hosts.items()}
    gevent.joinall(list(jobs.values()), raise_error=True)
    return {name: job.value for name, job in jobs.items()}


def _one(state: State, host: Host, script: str) -> dict[str, Any]:
    try:
        with ctx_state.use(state), ctx_host.use(host):
            ran = run_script(host, script, {**way_to_root(host), "_timeout": _PATIENCE_S})
        return dict(json.loads(ran.out[-1]))
    except (OSError, EOFError, SSHException) as error:
        return {"trouble": f"it stopped answering ({error or type(error).__name__})"}
    except (IndexError, TypeError, ValueError):
        return {"trouble": f"it did not answer to the end ({tail(ran.err[-1:]) or 'without a word'})"}


def _carrier(run: Run, name: str) -> Link | None:
    seen = run.observed.answers.get(name)
    return carrier(seen["addresses"], run.spec.cluster.node(name).address) if seen else None


def _carries(run: Run, name: str) -> bool:
    seen = run.observed.answers[name]
    return is_member(run.spec.cluster, seen) or is_started(run.spec.cluster, seen)


def _has_closed_firewall(run: Run, name: str) -> bool:
    """Whether a firewall of the host's own is there that the deploy has yet to open."""
    return any(r.kind == "firewall" and r.sentence(line) for r, line in run.observed.resources.get(name, {}).items())
