"""Which name server answered a host is kept from before the host was a member, for the verification."""

from __future__ import annotations

import pytest

from underlay.run import observe
from underlay.run.live_tests import _context
from underlay.run.plan_changes import query_all_hosts

from .answering_hosts import Answering


def test_what_answered_a_host_before_it_was_a_member_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "_API_BACK_S", 0)
    monkeypatch.setattr(observe, "run_as_root", lambda host, _script, _arguments: host.reply())
    on = Answering(said={"w-1": {"answering": "10.96.0.53"}, "w-2": {"answering": ""}})
    query_all_hosts(on.state)
    on.said = {"w-1": {"answering": "", "member": "member ordinary 192.0.2.1:6443"}}
    query_all_hosts(on.state)
    kept = _context(on.run)["name_servers"]
    assert kept["w-1"] == "10.96.0.53"
