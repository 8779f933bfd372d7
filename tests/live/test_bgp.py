"""BGP: every session is up as both ends report it, and carries exactly the expected prefixes."""

from __future__ import annotations

import pytest

from underlay.routing.sessions import Session
from underlay.verify.bgp_sessions import BgpStatus


def test_session(bgp: BgpStatus, session: Session) -> None:
    """BGP: Established on both sides, with exactly the expected prefixes"""
    problems = bgp.rows[session].problems
    assert not problems, "; ".join(problems)


def test_between_speakers(bgp: BgpStatus) -> None:
    """BGP: no two speakers share a router ID, no two nodes a pod subnet"""
    if not bgp.rows:
        pytest.skip("no BGP sessions of managed hosts")
    assert not bgp.problems, "; ".join(bgp.problems)
