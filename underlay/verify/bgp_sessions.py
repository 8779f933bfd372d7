"""BGP sessions as the hosts at both ends report them, and the prefixes that pass over them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from underlay.model.bgp_view import View
from underlay.patience import stretched
from underlay.plan.announced import prefixes_question
from underlay.plan.host_questions import UNKNOWN_SUBNETS, read_pod_subnets
from underlay.routing.session_check import SessionRow, verdict
from underlay.routing.sessions import Session
from underlay.routing.speakers import question, read_view

from .target import Target

# A speaker that was just started takes a few seconds to receive every prefix.
TIMEOUT_S = stretched(30)


@dataclass(frozen=True)
class BgpStatus:
    """`rows` are the sessions of managed hosts; `problems` what is wrong between speakers, whatever the session."""

    rows: dict[Session, SessionRow] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def is_up(self) -> bool:
        return not self.problems and not any(row.problems for row in self.rows.values())


def read_when_up(target: Target) -> BgpStatus:
    """Read again until nothing is wrong, for TIMEOUT_S at most."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        status = read(target)
        if status.is_up or time.monotonic() > deadline:
            return status
        time.sleep(1)


def read(target: Target) -> BgpStatus:
    cluster, network = target.spec.cluster, target.spec.network
    if not target.sessions:
        return BgpStatus()
    names = dict.fromkeys(
        end.host for session in target.sessions for end in (session.one, session.other) if end.managed
    )
    with ThreadPoolExecutor(max_workers=8) as pool:
        views = dict(zip(names, pool.map(_viewer(target), names), strict=True))
    ran = target.host(cluster.first.name).run(prefixes_question(cluster, network))
    rows, problems = verdict(cluster, network, views, read_pod_subnets(ran.stdout))
    unanswered = [f"{cluster.first.name}: {UNKNOWN_SUBNETS} ({ran.stderr.strip()})"] if ran.rc else []
    return BgpStatus({row.session: row for row in rows}, [*unanswered, *problems])


def _viewer(target: Target) -> Callable[[str], View]:
    cluster, network = target.spec.cluster, target.spec.network

    def view(name: str) -> View:
        try:
            return read_view(cluster, network, name, target.host(name).run(question(cluster, network, name)).stdout)
        except AssertionError as error:
            return View(trouble=str(error))

    return view
