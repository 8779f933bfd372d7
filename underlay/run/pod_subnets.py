"""Which pod subnets the cluster has given its nodes: asked of its first host, for routes that follow from them."""

from __future__ import annotations

from collections.abc import Collection

from pyinfra.api import Host

from underlay.plan.host_questions import POD_SUBNETS, read_pod_subnets

from .command import run_script, tail
from .privilege import way_to_root
from .run import current_run

# A worker that has just joined registers itself, and is given its subnet, a moment later: half seconds.
_TRIES = 40


def settled(names: Collection[str]) -> str:
    """Shell that tells the nodes' pod subnets, once these nodes have theirs or patience is at its end."""
    return f"""\
for _ in $(seq {_TRIES}); do
  seen=$({POD_SUBNETS}) || exit
  missing=
  for name in {" ".join(names)}; do
    printf '%s\\n' "$seen" | awk -v name="$name" '$1 == name && NF > 1 {{found = 1}} END {{exit !found}}' || missing=1
  done
  [ -n "$missing" ] || break
  sleep 0.5
done
printf '%s\\n' "$seen"
"""


def learn_subnets(host: Host, *, joined: Collection[str] = ()) -> str | None:
    """Have the run know the nodes' pod subnets as they are now; why it cannot, or None.

    A cluster that does not answer has not lost its nodes: what is known stays, and no route may be taken away by it.

    :param joined: nodes that have to have one; they are waited for.
    """
    ran = run_script(host, settled(joined), way_to_root(host))
    subnets = read_pod_subnets("\n".join(ran.out))
    if not ran.ok or not subnets:
        return f"the cluster does not tell its nodes' pod subnets: {tail(ran.err) or 'it names no node'}"
    if without := [name for name in joined if not subnets.get(name)]:
        return f"the cluster has given no pod subnet to {', '.join(without)}; are its kubelet and the controllers well?"
    current_run().cluster.pod_subnets = subnets
    return None


def active_nodes(host: Host) -> list[str]:
    """The nodes that this run has not lost: each has joined by now."""
    run = current_run()
    return [h.name for h in host.state.inventory.get_active_hosts() if run.is_node(h)]
