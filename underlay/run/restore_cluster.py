"""Begins a cluster again from a backup: whether it may, the backup on its first host, and the end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from pyinfra.api import Host, State
from pyinfra.context import ctx_state

from underlay.backup.archive import Backup
from underlay.backup.restore import PLACED, SEED, end_script, place_script, seed
from underlay.checks.reboot import lacking
from underlay.inventory.errors import InvalidInventory
from underlay.model.cluster import Cluster
from underlay.patience import stretched
from underlay.plan.membership import Standing

from .command import run_script
from .host_lock import take_lock
from .node_state import lines_of, node_and_pods, renewed, wait_while
from .on_nodes import Stopped, first_of, on_each, on_first, planes_of, shell
from .plan_changes import query_all_hosts
from .privilege import root_arguments
from .run import current_run
from .standings import standing_of

_EMPTY = (Standing.ABSENT, Standing.STARTED)
# Seconds until a node serves again.
_READY_S = stretched(180)
_BEGAN = f"date -u -r {PLACED} +%Y-%m-%dT%H:%M:%SZ"


def backup_problems(backup: Backup, cluster: Cluster) -> Iterator[str]:
    """Why a backup is not one of the cluster that an inventory describes."""
    if backup.cluster != cluster.name:
        yield f"the backup is of {backup.cluster}, and the inventory's cluster is {cluster.name}"
    if backup.endpoint != cluster.control_plane_endpoint:
        yield (
            f"control_plane_endpoint: the backup's is {backup.endpoint}, the inventory has "
            f"{cluster.control_plane_endpoint}; workers know the former"
        )
    if backup.kubernetes != cluster.kubernetes_version:
        yield (
            f"kubernetes_version: the backup is of {backup.kubernetes}, the inventory has "
            f"{cluster.kubernetes_version}; restore with the backup's, then upgrade"
        )


@dataclass(frozen=True)
class Beginning:
    """`resumed`: an earlier run has made the control plane, and did not end; `empty` are hosts of no cluster."""

    resumed: bool
    empty: frozenset[str]


def beginning(state: State) -> Beginning:
    """What a restore begins with.

    :raises InvalidInventory: when a control-plane host is in a cluster that no restore has made, or nobody knows.
    """
    with ctx_state.use(state):
        query_all_hosts(state)
        cluster = current_run().spec.cluster
        standings = {node.name: standing_of(node.name) for node in cluster.nodes}
        resumed = standings[cluster.first.name] is Standing.MEMBER and _has_seed(state)
    planes = {node.name: standings[node.name] for node in cluster.control_plane}
    if not resumed and (problems := [*_occupied(planes)]):
        raise InvalidInventory(problems)
    return Beginning(resumed, frozenset(name for name, found in standings.items() if found in _EMPTY))


def _occupied(standings: Mapping[str, Standing]) -> Iterator[str]:
    for name, found in standings.items():
        if found is Standing.UNKNOWN:
            yield f"{name}: whether it is in a cluster is unknown; see underlay preflight"
        elif found not in _EMPTY:
            yield (
                f"{name}: is in a cluster, and a restore begins on empty control-plane hosts; if that cluster is lost, "
                "reset the host first: underlay reset --limit"
            )


def _has_seed(state: State) -> bool:
    try:
        on_first(state, lambda host: shell(host, f"[ -e {SEED} ]\n"))
    except Stopped:
        return False
    return True


def place(state: State, backup: Backup) -> None:
    """Take the locks of the control-plane hosts, and put the backup on the first one.

    :raises Stopped: when one of them fails.
    """
    data = seed(backup)

    def put(host: Host) -> str | None:
        ran = run_script(host, place_script(data), root_arguments(host), more=[data])
        return None if ran.ok else ran.reason()

    with ctx_state.use(state):
        on_each(state, take_lock, planes_of(state))
        on_first(state, put)


def wait_for_nodes(state: State, empty: Collection[str]) -> None:
    """Wait until the kubelets have told of themselves: what the backup says of nodes and pods is of another time.

    :param empty: hosts whose pods have to be younger than the restore.
    :raises Stopped: when a node does not serve.
    """
    with ctx_state.use(state):
        run, first = current_run(), first_of(state)
        since = next(iter(lines_of(first, _BEGAN)), "")
        if not since:
            raise Stopped([f"{first.name}: could not be asked when the restore began"])
        connected = run.spec.network.carries_pods

        def lacks(name: str) -> str:
            if (known := node_and_pods(first, name)) is None:
                return f"the API does not answer on {first.name}"
            if name in empty:
                return lacking(*known, reported=since, since=since, connected=connected)
            if renewed(first, name) < since:
                return "its kubelet has not reported since the restore"
            return lacking(*known, connected=connected)

        reasons = {n.name: wait_while(partial(lacks, n.name), _READY_S) for n in run.spec.cluster.nodes}
    if problems := [f"{name}: {reason}" for name, reason in reasons.items() if reason]:
        raise Stopped(problems)


def conclude(state: State) -> None:
    """Remove the backup from the host.

    :raises Stopped: when that fails.
    """
    with ctx_state.use(state):
        on_first(state, lambda host: shell(host, end_script()))
