"""A daemon's running configuration: the same as when its file was loaded, or changed by hand since."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.answer import Unknown
from underlay.resources.loaded_config import Loaded
from underlay.routing.frr_drift import load_hook

DAEMON = Loaded("x.service", "show-running")


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Shell:
    """A host whose daemon shows what stands in a file, and goes back to `loaded` when it is reloaded."""
    shell.places = {"/run/underlay": str(tmp_path / "run")}
    shell.program_is("show-running", f"cat {tmp_path}/running")
    shell.program_is("systemctl", f"echo loaded >{tmp_path}/running; {tmp_path}/note")
    (tmp_path / "running").write_text("loaded\n")
    (tmp_path / "note").write_text(
        f"#!/bin/sh\n{DAEMON.store_checksum()}\n".replace("/run/underlay", str(tmp_path / "run"))
    )
    (tmp_path / "note").chmod(0o755)
    return shell


def test_what_was_changed_by_hand_since_the_load_is_observed_and_repaired(host: Shell, tmp_path: Path) -> None:
    assert host.run(DAEMON.store_checksum()).rc == 0
    assert host.observe(DAEMON) == ["loaded"]
    (tmp_path / "running").write_text("loaded\nchanged\n")
    assert host.observe(DAEMON) == ["changed"]
    outcome = host.apply(DAEMON)
    assert (outcome.failed, outcome.unmet) == (None, ())
    assert host.observe(DAEMON) == ["loaded"]


def test_a_reload_that_does_not_repair_fails(host: Shell, tmp_path: Path) -> None:
    host.run(DAEMON.store_checksum())
    (tmp_path / "running").write_text("changed\n")
    host.program_is("systemctl", f"rm -f {tmp_path}/run/loaded/x.service")
    assert host.apply(DAEMON).failed == DAEMON


def test_a_daemon_that_is_stopped_or_was_never_recorded_is_no_drift(host: Shell) -> None:
    assert host.observe(DAEMON) == ["unknown"]
    host.program_is("show-running", "exit 1")
    host.program_is("systemctl", "exit 3")
    assert host.observe(DAEMON) == ["stopped"]
    assert [DAEMON.sentence(observed) for observed in ("unknown", "stopped", "loaded", "")] == [None] * 4


@pytest.mark.parametrize("show", ["exit 1", "kill -9 $$", ":"])
@pytest.mark.parametrize(
    ("systemctl", "reason"),
    [
        (":", "x.service runs and does not show its configuration"),
        ("exit 1", "systemctl does not answer for x.service"),
        ("exit 124", "systemctl does not answer for x.service"),
    ],
)
def test_a_daemon_at_work_that_shows_nothing_is_unknown(host: Shell, show: str, systemctl: str, reason: str) -> None:
    host.run(DAEMON.store_checksum())
    host.program_is("show-running", show)
    host.program_is("systemctl", systemctl)
    assert host.ask(DAEMON) == [Unknown(reason)]


def test_the_sentence_says_what_a_deploy_will_do() -> None:
    assert DAEMON.sentence("changed") == (
        "running configuration x.service: changed by hand since it was loaded -> as in its file"
    )


@pytest.mark.parametrize(("running", "reported"), [("loaded", False), ("loaded\nchanged", True)])
def test_verification_finds_it_by_its_own_means(host: Shell, tmp_path: Path, running: str, reported: bool) -> None:
    host.run(DAEMON.store_checksum())
    noted = (tmp_path / "run/loaded/x.service").read_text()
    said = {f"cat {DAEMON.stamp}": Result(0, noted), DAEMON.show: Result(0, f"{running}\n")}
    assert (DAEMON.check(SayingHost(said)) is not None) == reported


def test_the_note_is_valid_in_both_shells(shell: Shell) -> None:
    ran = shell.run(f"set -n\n{load_hook()[0].content}")
    assert (ran.rc, ran.stderr) == (0, "")
