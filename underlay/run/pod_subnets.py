"""The pod subnets that the cluster has assigned to its nodes, queried on its first host; routes follow from them."""

from __future__ import annotations

from collections.abc import Collection

from pyinfra.api import Host

from underlay.plan.host_questions import POD_SUBNETS, UNKNOWN_SUBNETS, read_pod_subnets

from .command import run_script, tail
from .privilege import root_arguments
from .run import current_run

# A worker that has just joined registers, and is assigned its subnet, a moment later. Tries, half a second apart.
_TRIES = 40


def wait_for_pod_subnets(names: Collection[str]) -> str:
    """Shell that prints the nodes' pod subnets once these nodes have theirs, or after the last try."""
    return f"""\
for _ in $(seq {_TRIES}); do
  known=$({POD_SUBNETS}) || exit
  missing=
  for name in {" ".join(names)}; do
    printf '%s\\n' "$known" | awk -v name="$name" '$1 == name && NF > 1 {{found = 1}} END {{exit !found}}' || missing=1
  done
  [ -n "$missing" ] || break
  sleep 0.5
done
printf '%s\\n' "$known"
"""


def learn_subnets(host: Host, *, joined: Collection[str] = ()) -> str | None:
    """Set the run's `pod_subnets` to the nodes' current ones; why that failed, or None.

    A cluster without a reply has not lost its nodes: known subnets stay, so that no route is removed because of it.

    :param joined: nodes that must have a subnet; they are waited for.
    """
    ran = run_script(host, wait_for_pod_subnets(joined), root_arguments(host))
    subnets = read_pod_subnets("\n".join(ran.out))
    if not ran.ok or not subnets:
        return f"{UNKNOWN_SUBNETS} ({tail(ran.err) or 'the API lists no node'}); check the API server"
    if without := [name for name in joined if not subnets.get(name)]:
        return f"no pod subnet is assigned to {', '.join(without)}; check its kubelet and kube-controller-manager"
    current_run().cluster.pod_subnets = subnets
    return None


def active_nodes(host: Host) -> list[str]:
    """The nodes that have not failed in this run: each has joined by now."""
    run = current_run()
    return [h.name for h in host.state.inventory.get_active_hosts() if run.is_node(h)]
