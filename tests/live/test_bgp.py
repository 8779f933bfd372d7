"""The gate: every BGP session stands from both sides' own view, with exactly the prefixes that belong there."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from underlay.plan.host_questions import POD_SUBNETS, read_pod_subnets
from underlay.routing.session_check import Row, verdict
from underlay.routing.session_state import View, question, read_view
from underlay.routing.sessions import Session
from underlay.verify.target import Target

# A speaker that was just started takes a few seconds to hear everything.
PATIENCE = 30.0

Gate = tuple[dict[Session, Row], list[str]]


@pytest.fixture(scope="session")
def gate(target: Target) -> Gate:
    """Every session's row, once all is well or patience is at its end."""
    until = time.monotonic() + PATIENCE
    while True:
        rows, beside = _ask(target)
        if time.monotonic() > until or not (beside or any(r.problems for r in rows)):
            return {row.session: row for row in rows}, beside
        time.sleep(1)


def test_session(gate: Gate, session: Session) -> None:
    """BGP: Established on both sides, with exactly the prefixes expected"""
    row = gate[0][session]
    assert not row.problems, "; ".join(row.problems)


def test_between_speakers(target: Target, gate: Gate) -> None:
    """BGP: no two speakers share a router id, no two nodes a subnet"""
    if not gate[0]:
        pytest.skip("no BGP sessions of ours")
    assert not gate[1], "; ".join(gate[1])


def _ask(target: Target) -> tuple[list[Row], list[str]]:
    cluster = target.spec.cluster
    if not target.sessions:
        return [], []
    names = dict.fromkeys(end.host for session in target.sessions for end in (session.one, session.other) if end.ours)
    with ThreadPoolExecutor(max_workers=8) as pool:
        views = dict(zip(names, pool.map(_viewer(target), names), strict=True))
    return verdict(cluster, views, read_pod_subnets(target.host(cluster.first.name).run(POD_SUBNETS).stdout))


def _viewer(target: Target) -> Callable[[str], View]:
    cluster = target.spec.cluster

    def view(name: str) -> View:
        try:
            return read_view(cluster, name, target.host(name).run(question(cluster, name)).stdout)
        except AssertionError as error:
            return View(trouble=str(error))

    return view
