"""BIRD's view of a node's sessions as the gate of all speakers reads it, and the blocks that nodes announce."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from underlay.model.bgp_view import UNSIGNED, NeighbourState, Speaker, View, json_documents, unsigned_of
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.resources.api_server import KUBECTL, SECONDS

from . import bird

# Blocks that nodes have for good; one that is given back is not confirmed.
BLOCKS = (
    f"{KUBECTL} --request-timeout={SECONDS}s get blockaffinities.crd.projectcalico.org -o 'jsonpath="
    '{range .items[?(@.spec.state=="confirmed")]}{.spec.node} {.spec.cidr}{"\\n"}{end}\''
)
_ASKED = ("show status", "show protocols all", "show route")
_NO_ANSWER = "BIRD does not answer; does calico-node run?"
# A prefix is not repeated before its other routes.
_ROUTE = re.compile(r"(?:1007-| )(\S+/\d+)? .*\[(\S+) ")


def _question(_cluster: Cluster, _node: Node) -> str:
    return f"{UNSIGNED}; {bird.asking(*_ASKED)}"


def _read(cluster: Cluster, node: Node, output: str) -> View:
    if "1002-" not in output:
        return View(trouble=_NO_ANSWER)
    router_id = re.search(r"Router ID is (\S+)", output)
    counters = next(json_documents(output), {})
    clock = re.search(r"server time is ([\d-]+ [\d:]+)", output)
    now = datetime.fromisoformat(clock[1]) if clock else None
    accepted = _accepted(output)
    states = {s.neighbor: s for s in bird.sessions(output)}
    number = cluster.bgp.as_number(node) if cluster.bgp else 0
    return View(
        router_id=router_id[1] if router_id else "",
        neighbours={
            address: NeighbourState(
                state=session.state,
                remote_as=session.as_number,
                # BIRD does not show it; another check reads what calico-node was given.
                local_as=number,
                up=_age(session.since, now) if session.state == "Established" else 0.0,
                reason="" if session.state == "Established" else session.error,
                ttl_security=None,
                sent=session.exported,
                # What its import filter rejects is not kept.
                received=accepted.get(session.name, frozenset()),
                accepted=accepted.get(session.name, frozenset()),
            )
            for address, session in states.items()
        },
        unsigned=unsigned_of(counters),
        refuses_own_as=True,
    )


def _accepted(output: str) -> dict[str, frozenset[str]]:
    """Name of a protocol -> the prefixes in the table from it."""
    found: dict[str, set[str]] = {}
    prefix = ""
    for line in output.splitlines():
        if match := _ROUTE.match(line):
            prefix = match[1] or prefix
            found.setdefault(match[2], set()).add(prefix)
    return {name: frozenset(prefixes) for name, prefixes in found.items()}


def _age(since: str, now: datetime | None) -> float:
    """Seconds since a time of BIRD's, which is a time of day or, of another day, a date."""
    if now is None:
        return 0.0
    if re.fullmatch(r"\d{2}:\d{2}:\d{2}", since):
        then = datetime.combine(now.date(), datetime.strptime(since, "%H:%M:%S").time())
        return (now - then if then <= now else now - then + timedelta(days=1)).total_seconds()
    try:
        return (now - datetime.fromisoformat(since)).total_seconds()
    except ValueError:
        return 0.0


def speaker(shared: frozenset[str]) -> Speaker:
    """BIRD in calico-node.

    :param shared: prefixes that every node announces.
    """
    return Speaker(question=_question, read=_read, prefixes=BLOCKS, lends=True, shared=shared)
