"""Takes nodes out of a cluster that goes on: those that answer are reset, of others the cluster's side is tidied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from shlex import quote

from pyinfra.api import Host, State
from pyinfra.context import ctx_state

from underlay.findings.host_sets import name_hosts
from underlay.inventory.errors import InvalidInventory, unknown
from underlay.inventory.limit import of_names
from underlay.model.cluster import Cluster
from underlay.plan.etcd_members import PRELUDE, EtcdMember, etcd_members, is_form
from underlay.plan.membership import Standing, listed_nodes
from underlay.plan.probe import Probe
from underlay.plan.quorum import in_order, quorum_note, quorum_problems
from underlay.reset.consent import Consent
from underlay.reset.host_reset import HostReset
from underlay.resources.answer import Answered, Unknown
from underlay.resources.api_server import KUBECTL

from .ask import ask
from .drain import cordon, drain
from .node_state import is_at_work
from .on_nodes import first_of, on_first, shell
from .plan_changes import query_all_hosts
from .reset_hosts import ResetResult, planned_reset, reset_host
from .run import current_run
from .standings import standing_of

_MEMBERS = Probe("etcd", "u_etcd_members", "the members of its etcd", is_form, PRELUDE, as_root=True)


@dataclass(frozen=True)
class Removal:
    """`resets` are of hosts that answer, `silent` the others that the inventory has, with the reasons; `unnamed` are
    nodes that it has no longer. `members` of etcd go in this order.
    """

    resets: Sequence[HostReset]
    silent: Mapping[str, str]
    unnamed: Sequence[str]
    members: Sequence[EtcdMember]
    note: str = ""

    @property
    def lines(self) -> list[str]:
        """What will be done, for the operator."""
        return [
            *(line for reset in self.resets for line in reset.lines),
            *(f"{name}: does not answer ({reason}); it is not reset" for name, reason in self.silent.items()),
            *(f"{name}: is not in the inventory; it is not reset" for name in self.unnamed),
            *(f"etcd: the member {member.name} goes" for member in self.members),
            *([self.note] if self.note else []),
        ]


def planned_removal(state: State, names: Collection[str]) -> Removal:
    """What a removal of these nodes would do.

    :raises InvalidInventory: with every reason why it cannot be had.
    """
    with ctx_state.use(state):
        run = query_all_hosts(state)
        first = run.spec.cluster.first.name
        if first in names:
            raise InvalidInventory([f"{first}: is the last control-plane host; to end the cluster: underlay reset"])
        if standing_of(first) is not Standing.MEMBER:
            why = run.observed.silent.get(first, "it is in no cluster, or the API server does not answer")
            raise InvalidInventory([f"{first}: is asked for the cluster, and cannot be ({why})"])
        declared = [n.name for n in run.spec.cluster.nodes]
        known = [*declared, *listed_nodes(run.observed.answers[first])]
        members = _members(first_of(state))
        problems = [unknown("remove", n, known, what="node") for n in names if n not in known]
        if problems := [*problems, *quorum_problems(members, names)]:
            raise InvalidInventory(problems)
        # What a reset asks: whether others stay.
        run.limit = of_names(names, declared)
        active = {h.name: h for h in state.inventory.get_active_hosts()}
        resets = [planned_reset(state, active[n], Consent(False, False)) for n in sorted(names) if n in active]
        silent = {
            n: run.observed.silent.get(n, "no answer") for n in sorted(names) if n in declared and n not in active
        }
        if problems := [f"{r.host}: {r.problem}" for r in resets if r.problem]:
            raise InvalidInventory(problems)
        unnamed = sorted(n for n in names if n not in declared)
        return Removal(resets, silent, unnamed, in_order(members, names), quorum_note(members, names))


def remove(state: State, removal: Removal, *, say: Callable[[str], None]) -> ResetResult:
    """Take the nodes out of the cluster one after the other, and reset those that answer.

    :raises Stopped: when a node that does not answer cannot be taken out.
    """
    result = ResetResult()
    with ctx_state.use(state):
        # What a reset takes away was looked up before: no pod moves from one that leaves to another.
        on_first(state, partial(cordon, names=[r.host for r in removal.resets]))
        for name in (*removal.silent, *removal.unnamed):
            on_first(state, partial(_forget, name=name, members=removal.members))
            say(f"{name}: removed from the cluster")
        for reset in removal.resets:
            if reset.state is None:
                on_first(state, partial(_forget, name=reset.host, members=removal.members))
            else:
                reset_host(state, reset, result, say=say)
            if result.failed:
                break
    return result


def endpoint_problems(cluster: Cluster, names: Collection[str]) -> Iterator[str]:
    """Why nodes cannot go by whose address all others reach the API server."""
    for node in cluster.control_plane:
        if node.name in names and str(node.address) == cluster.api_host:
            yield (
                f"{node.name}: control_plane_endpoint is its address ({node.address}), by which all nodes reach the "
                "API server; it cannot go before the endpoint is one that stays"
            )


def _members(first: Host) -> list[EtcdMember]:
    """
    :raises InvalidInventory: when they are unknown.
    """
    match ask(first, _MEMBERS):
        case Answered(line):
            return etcd_members(line)
        case Unknown(reason):
            raise InvalidInventory(
                [
                    f"{first.name}: could not be asked the members of its etcd ({reason}); with fewer than a majority "
                    "of them it decides nothing: bring one back, or begin again from a backup: underlay restore"
                ]
            )
    raise InvalidInventory([f"{first.name}: could not be asked the members of its etcd"])


def _forget(first: Host, name: str, members: Sequence[EtcdMember]) -> str | None:
    """Take a node out of the cluster that cannot be asked itself; why that failed, or None."""
    seconds = current_run().spec.rollout.drain_s
    if is_at_work(first, name) and (reason := drain(first, name, seconds=seconds, cordoned=False)):
        return reason
    for member in members:
        if member.name == name and (reason := shell(first, _out(member))):
            return f"its etcd member cannot be removed: {reason}"
    # The garbage collector of pods does the same, a minute after their Node is gone: for so long DNS may be away.
    pods = f"{KUBECTL} delete pods -A --field-selector spec.nodeName={quote(name)} --force --grace-period=0"
    return shell(first, f"{KUBECTL} delete node {quote(name)} --ignore-not-found >/dev/null && {pods} >/dev/null\n")


def _out(member: EtcdMember) -> str:
    """Shell that takes a member out; for the first seconds after another change etcd calls itself unhealthy."""
    return f"""\
for n in 1 2 3 4 5 6 7 8 9 10; do
  u_said=$({member.removal} 2>&1) || :
  case $u_said in *'"members"'* | *'member not found'*) exit 0 ;; esac
  sleep 2
done
printf '%s\\n' "$u_said" >&2; exit 1
"""


def summary(names: Sequence[str]) -> str:
    """What is left to do by hand."""
    return f"take {name_hosts(list(names))} out of the inventory: a deploy would have it join again"
