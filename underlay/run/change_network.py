"""Changes the network of a running cluster: plans it, does what is beside the deploy, and ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.change import cluster_change
from underlay.change.change_plan import ChangePlan, obstacles
from underlay.change.change_record import ChangeRecord, read_change, variables_of
from underlay.change.host_change import after_script, before_script, leftovers, no_longer_declared, pods_mtu, words
from underlay.change.strategy import shared_bridge
from underlay.inventory.errors import InvalidInventory
from underlay.inventory.spec import Spec
from underlay.plan.attempt import PUT_ENDING
from underlay.plan.cluster_objects import record
from underlay.plan.host_record import Prior
from underlay.plan.required_ports import listened
from underlay.preflight.occupation_findings import newly_taken
from underlay.reset.footprint import Footprint
from underlay.reset.questions import HostState
from underlay.resources.answer import UnansweredError, line_of
from underlay.resources.kubeadm_certificates import KubeadmCertificates
from underlay.resources.static_pods import StaticPods

from .access_error import AccessError
from .backups import keep
from .command import run_script
from .held import restarted
from .host_lock import take_lock
from .host_traces import state_of
from .on_nodes import nodes_of, on_each, on_first, shell
from .plan_changes import planned, query_all_hosts
from .pod_subnets import learn_subnets
from .privilege import root_arguments
from .run import current_run

_BEFORE = ("containerd.service", "kubelet.service", KubeadmCertificates().title, StaticPods().title)


@dataclass(frozen=True)
class Change:
    """A change that is planned: `record` is what the cluster says of it."""

    plan: ChangePlan
    record: ChangeRecord
    states: dict[str, HostState]


def recorded_change(state: State) -> ChangeRecord:
    """What the cluster says of its network.

    :raises InvalidInventory: when there is no cluster, or it does not say.
    """
    with ctx_state.use(state):
        run = query_all_hosts(state)
        name = run.spec.cluster.first.name
        answer = run.observed.answers.get(name, {}).get("recorded")
        try:
            found = read_change(line_of(answer)) if answer is not None else None
        except (ValueError, UnansweredError) as error:
            raise InvalidInventory([f"{name}: what network the cluster has is unknown ({error})"]) from None
        if found is None:
            raise InvalidInventory([f"{name}: there is no cluster of Underlay's on it; make one: underlay deploy"])
        return found


def planned_change(state: State, known: ChangeRecord, old: Spec) -> Change:
    """The change from the cluster's network to the run's.

    :param old: the inventory with the cluster's network.
    :raises InvalidInventory: with every reason why it cannot be had.
    """
    with ctx_state.use(state):
        spec = current_run().spec
        if problems := obstacles(old, spec):
            raise InvalidInventory(problems)
        problems, comes = planned(state)
        states: dict[str, HostState] = {}
        for host in nodes_of(state):
            problems += [*_learn(host, states), *_beside(host), *(() if known.to else _occupied(host, old))]
        if problems:
            raise InvalidInventory(problems)
        goes = {h.name: words(*_goes(h.name, states[h.name])) for h in nodes_of(state)}
        return Change(ChangePlan(old, spec, comes, goes, resumed=known.to is not None), known, states)


def begin_change(state: State, change: Change, *, say: Callable[[str], None]) -> None:
    """Take the hosts' locks, keep what changes, write down that it is at work, and make the hosts ready for both.

    :raises Stopped: when one of them fails.
    """
    with ctx_state.use(state):
        old, run = change.plan.old, current_run()
        on_each(state, take_lock)
        on_first(state, lambda host: _back_up(host, change, say) or learn_subnets(host))
        begin = cluster_change.begin(change.record.was, variables_of(run.spec))
        on_first(state, lambda host: shell(host, begin))
        if old.network.carries_pods and not run.spec.network.carries_pods:
            say("ending pods with addresses of the pod network")
            on_each(state, lambda host: shell(host, f"{PUT_ENDING}\n"))
            on_first(state, lambda host: shell(host, cluster_change.end_pods()))
        if shared := shared_bridge(old.network, run.spec.network):
            mtu = min(spec.network.link_mtu(spec.cluster) for spec in (old, run.spec))
            on_each(state, lambda host: shell(host, before_script(*shared, mtu=mtu, adoption=_adoption(host))))


def end_change(state: State, old: Spec, *, say: Callable[[str], None]) -> None:
    """Remove what the old network has left in the cluster and on hosts.

    :raises Stopped: when that fails.
    """
    with ctx_state.use(state):
        on_each(state, take_lock)
        run = query_all_hosts(state)
        on_first(state, learn_subnets)
        objects = cluster_change.gone(*(s.network.addon(s.cluster) for s in (old, run.spec)))
        if objects:
            say(f"removing {len(objects)} objects of {old.network.mode}")
            on_first(state, lambda host: shell(host, cluster_change.deletion(objects)))
        on_each(state, lambda host: _clean(host, old))


def conclude(state: State) -> None:
    """Make the new network the cluster's own.

    :raises Stopped: when that fails.
    """
    with ctx_state.use(state):
        on_first(state, lambda host: shell(host, cluster_change.end(record(current_run().spec))))


def _beside(host: Host) -> list[str]:
    """What a deploy would do beside the network, and pods or the control plane would notice."""
    with ctx_host.use(host):
        return [
            f"{host.name}: {name} would be restarted or renewed, which no network asks for; deploy first, with the "
            "network that the cluster has"
            for name in restarted(host)
            if name in _BEFORE
        ]


def _occupied(host: Host, old: Spec) -> list[str]:
    """Ports that the new network needs and the old one does not, which somebody has."""
    run = current_run()
    before, after = (listened(spec.cluster, spec.network, spec.cluster.node(host.name)) for spec in (old, run.spec))
    needed = [port for port in after if port not in {*before}]
    return [f"{host.name}: {line}" for line in newly_taken(run.observed.answers[host.name], needed)]


def _learn(host: Host, states: dict[str, HostState]) -> list[str]:
    with ctx_host.use(host):
        try:
            states[host.name] = state_of(host)
        except (AccessError, UnansweredError) as error:
            return [f"{host.name}: {getattr(error, 'reason', '') or error}"]
    return []


def _goes(name: str, known: HostState) -> tuple[Footprint, list[Prior]]:
    run = current_run()
    found = leftovers(run.spec.cluster, run.spec.network, run.spec.cluster.node(name), known)
    return found, no_longer_declared(known.prior, run.plan_of(name).resources)


def _adoption(host: Host) -> str:
    run = current_run()
    subnets = tuple(sorted(run.cluster.pod_subnets.get(host.name, ())))
    return run.spec.network.adoption(run.spec.cluster, subnets)


def _clean(host: Host, old: Spec) -> str | None:
    run = current_run()
    found, given_back = _goes(host.name, state_of(host))
    shared = shared_bridge(old.network, run.spec.network)
    mtu = pods_mtu(shared[1].bridge, run.spec.network.link_mtu(run.spec.cluster)) if shared else ""
    adoption = _adoption(host) if shared else ""
    return shell(host, after_script(found, given_back, adoption=adoption, mtu=mtu))


def _back_up(first: Host, change: Change, say: Callable[[str], None]) -> str | None:
    cluster, network = change.plan.old.cluster, change.plan.old.network
    addon = network.addon(cluster)
    ran = run_script(first, cluster_change.backup((*addon.objects, *addon.after)), root_arguments(first))
    if not ran.ok:
        return ran.reason()
    path = keep(f"{network.mode}.yaml", "\n".join(ran.out) + "\n")
    say(f"the objects of {network.mode} are in {path}")
    return None
