"""What keeps a reset from a host is one line, and the others go on."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.reset.test_footprint import NOTHING, found
from underlay.reset.host_reset import HostReset
from underlay.run import reset_hosts
from underlay.run.access_error import AccessError
from underlay.run.command import ScriptResult
from underlay.run.reset_hosts import ResetResult, reset_host

from .answering_hosts import Answering


def reset(monkeypatch: pytest.MonkeyPatch, script: Any) -> ResetResult:
    """The reset of a control-plane host that answers its scripts so."""
    state = NOTHING.__class__(**{**vars(NOTHING), "mark": "member ordinary 192.0.2.1:6443", "has_etcd": True})
    monkeypatch.setattr(reset_hosts, "take_lock", lambda _: None)
    monkeypatch.setattr(reset_hosts, "root_arguments", lambda _: {})
    monkeypatch.setattr(reset_hosts, "run_script", script)
    result, lines = ResetResult(), cast("list[str]", [])
    reset_host(Answering().state, HostReset("cp-1", state, found()), result, say=lines.append)
    assert lines[0].startswith("cp-1: failed after ")
    return result


def test_a_copy_of_etcd_that_cannot_be_kept_here_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "backups").write_text("")
    data = base64.b64encode(b"tar").decode()
    failed = reset(monkeypatch, lambda *_: ScriptResult(0, (data,), ())).failed
    assert failed == {
        "cp-1": "this machine: [Errno 17] File exists: 'backups'; look at its disk and at the file's mode, then run again"
    }


@pytest.mark.parametrize("output", [(), ("",), ("%%%",), ("YWJj", "not base64!")])
def test_etcd_that_cannot_be_copied_is_left(monkeypatch: pytest.MonkeyPatch, output: tuple[str, ...]) -> None:
    failed = reset(monkeypatch, lambda *_: ScriptResult(0, output, ())).failed
    assert failed == {"cp-1": "etcd's data could not be read; nothing was removed"}


def test_a_host_that_is_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: Any) -> ScriptResult:
        raise AccessError("cp-1", "the connection was lost (x); look at the host's console")

    assert reset(monkeypatch, lost).failed == {"cp-1": "the connection was lost (x); look at the host's console"}
