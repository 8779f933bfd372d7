"""systemd units: state, and whether what runs was started from the files that are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.unit import Unit

GOOD = "ActiveState=active UnitFileState=enabled NeedDaemonReload=no Loaded=current"


@pytest.mark.parametrize(
    ("change", "observed", "difference"),
    [
        ({}, GOOD, None),
        ({}, GOOD.replace("UnitFileState=enabled", "UnitFileState=static"), None),
        ({}, GOOD.replace("=current", "=stale"), "restart, its files have changed"),
        ({}, GOOD.replace("Reload=no", "Reload=yes"), "restart, its files have changed"),
        ({}, GOOD.replace("=enabled", "=disabled"), "disabled -> enabled"),
        ({}, GOOD.replace("=active", "=failed"), "failed -> running"),
        ({}, GOOD.replace("=active", "=activating"), "activating -> running"),
        ({}, GOOD.replace("=active", "=failed").replace("=current", "=stale"), "failed -> running"),
        (
            {},
            "ActiveState=inactive UnitFileState= NeedDaemonReload=no Loaded=current",
            "disabled -> enabled, inactive -> running",
        ),
        ({}, "Loaded=current", "disabled -> enabled, unknown -> running"),
        ({}, "", "disabled -> enabled, unknown -> running"),
        ({}, "garbage = x", "disabled -> enabled, unknown -> running"),
        ({"running": None}, GOOD.replace("=active", "=failed").replace("=current", "=stale"), None),
        ({"running": None}, GOOD.replace("=enabled", "=disabled"), "disabled -> enabled"),
        ({"running": None}, GOOD.replace("=current", "=stale"), "restart, its files have changed"),
        (
            {"running": None},
            GOOD.replace("=active", "=activating").replace("=current", "=stale"),
            "restart, its files have changed",
        ),
        ({"running": None}, GOOD.replace("=active", "=inactive").replace("=current", "=stale"), None),
        ({"running": False, "enabled": False}, GOOD, "enabled -> disabled, active -> stopped"),
        ({"running": False, "enabled": False}, "ActiveState=inactive UnitFileState=disabled", None),
        ({"optional": True}, "ActiveState=inactive UnitFileState=disabled Loaded=stale", None),
        ({"optional": True}, "", None),
        ({"optional": True}, GOOD.replace("=current", "=stale"), "restart, its files have changed"),
    ],
)
def test_reports_what_differs(change: dict[str, bool | None], observed: str, difference: str | None) -> None:
    unit = Unit("x.service", **change)  # type: ignore[arg-type]
    assert unit.sentence(observed) == (f"unit x.service: {difference}" if difference else None)


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Shell:
    """A host with x.service enabled and running since 1000, whose systemctl records its arguments."""
    shell.places = {"/run/underlay": str(tmp_path / "run")}
    shell.program_is(
        "systemctl",
        f"""echo "$@" >>{tmp_path}/log
        case "$*" in
          *ActiveEnterTimestamp*x.service) echo @1000;;
          *ActiveEnterTimestamp*) echo;;
          'show '*x.service) printf 'ActiveState=active\\nUnitFileState=enabled\\nNeedDaemonReload=no\\n';;
          'show '*) printf 'ActiveState=inactive\\nUnitFileState=\\nNeedDaemonReload=no\\n';;
          'restart broken.service') exit 1;;
        esac""",
    )
    shell.program_is("journalctl", "echo the journal of broken.service")
    return shell


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A file older than the start of x.service."""
    path = tmp_path / "config file"
    path.write_text("a = 1\n")
    os.utime(path, (900, 900))
    return path


def test_finds_a_unit_that_is_as_declared(host: Shell, config: Path) -> None:
    assert host.observe(Unit("x.service"), Unit("x.service", watches=(str(config),))) == [GOOD, GOOD]


def test_finds_a_unit_that_nobody_knows(host: Shell) -> None:
    unit = Unit("no-such.service")
    assert unit.difference(host.observe(unit)[0]) == "disabled -> enabled, inactive -> running"


def test_a_file_younger_than_the_unit_requires_a_restart(host: Shell, config: Path) -> None:
    unit = Unit("x.service", watches=("/etc/hostname-that-is-not", str(config)))
    assert unit.difference(host.observe(unit)[0]) is None
    config.touch()
    assert unit.difference(host.observe(unit)[0]) == "restart, its files have changed"


def test_after_a_restart_the_content_counts_not_the_time(host: Shell, config: Path) -> None:
    unit = Unit("x.service", watches=(str(config),))
    config.write_text("a = 2\n")
    assert host.apply(unit).unmet == ()
    config.touch()
    assert unit.difference(host.observe(unit)[0]) is None
    config.write_text("a = 3\n")
    assert unit.difference(host.observe(unit)[0]) == "restart, its files have changed"
    for _ in range(2):
        assert host.apply(unit).unmet == ()


def test_a_stale_stamp_of_an_earlier_file_requires_a_restart(host: Shell, config: Path, tmp_path: Path) -> None:
    (tmp_path / "run/started").mkdir(parents=True)
    (tmp_path / "run/started/x.service").write_text("")
    unit = Unit("x.service", watches=(str(config),))
    assert unit.difference(host.observe(unit)[0]) == "restart, its files have changed"


def test_a_unit_is_enabled_before_it_is_started(host: Shell, tmp_path: Path) -> None:
    host.run("set -eu\n" + Unit("x.service").apply())
    assert (
        tmp_path / "log"
    ).read_text() == "daemon-reload\n-q enable x.service\nreset-failed x.service\nrestart x.service\n"


def test_a_unit_that_fails_leaves_its_journal_and_no_stamp(host: Shell, tmp_path: Path) -> None:
    unit = Unit("broken.service")
    outcome, err = host.apply_and_tell(unit)
    assert (outcome.failed, err) == (unit, "the journal of broken.service\n")
    assert list((tmp_path / "run/started").iterdir()) == []


def test_a_unit_left_to_others_is_not_started(host: Shell, tmp_path: Path) -> None:
    host.run("set -eu\n" + Unit("x.service", running=None).apply())
    assert (tmp_path / "log").read_text() == "daemon-reload\n-q enable x.service\n"


def test_a_unit_left_to_others_is_restarted_where_they_have_started_it(
    host: Shell, config: Path, tmp_path: Path
) -> None:
    for name, state in (("x.service", "active"), ("y.service", "inactive")):
        host.program_is("systemctl", f'echo "$@" >>{tmp_path}/{name}; case $1 in show) echo {state};; esac')
        host.run("set -eu\n" + Unit(name, running=None, watches=(str(config),)).apply())
    query = "show -p ActiveState --value"
    assert (tmp_path / "x.service").read_text().splitlines()[2:] == [
        f"{query} x.service", "reset-failed x.service", "restart x.service",
    ]  # fmt: skip
    assert (tmp_path / "y.service").read_text().splitlines()[2:] == [f"{query} y.service"]


def test_a_program_that_is_installed_anew_requires_a_restart(host: Shell, tmp_path: Path) -> None:
    host.places |= {"/var/lib/underlay/binaries": str(tmp_path)}
    unit = Unit("x.service", programs=("/usr/local/bin/x",))
    record = tmp_path / "usr-local-bin-x"
    record.write_text("1\n")
    os.utime(record, (900, 900))
    assert unit.difference(host.observe(unit)[0]) is None
    record.write_text("2\n")
    assert unit.difference(host.observe(unit)[0]) == "restart, its files have changed"
    assert unit.follows({"/usr/local/bin/x"})


def test_a_unit_that_must_not_run_is_stopped(host: Shell, tmp_path: Path) -> None:
    host.run("set -eu\n" + Unit("x.service", running=False, enabled=False).apply())
    assert (tmp_path / "log").read_text() == "daemon-reload\n-q disable x.service\nstop x.service\n"


def test_removing_forgets_the_stamp(host: Shell, config: Path, tmp_path: Path) -> None:
    unit = Unit("x.service", watches=(str(config),))
    host.apply(unit)
    for _ in range(2):
        assert host.run("set -eu\n" + unit.remove()).rc == 0
    assert list((tmp_path / "run/started").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "active", "enabled", "problem"),
    [
        ({}, "active", "enabled", None),
        ({}, "active", "static", None),
        ({}, "failed", "enabled", "x.service: failed, expected active"),
        ({}, "active", "disabled", "x.service: disabled, expected enabled"),
        ({"running": None}, "failed", "enabled", None),
        ({"running": False, "enabled": False}, "active", "disabled", "x.service: active, expected inactive"),
        ({"running": False, "enabled": False}, "inactive", "disabled", None),
        ({"optional": True}, "inactive", "disabled", None),
    ],
)
def test_checks_a_unit_by_other_means(
    change: dict[str, bool | None], active: str, enabled: str, problem: str | None
) -> None:
    unit = Unit("x.service", **change)  # type: ignore[arg-type]
    answers = {
        "systemctl is-active x.service": Result(0 if active == "active" else 3, f"{active}\n"),
        "systemctl is-enabled x.service": Result(0 if enabled != "disabled" else 1, f"{enabled}\n"),
    }
    assert unit.check(SayingHost(answers)) == problem


def test_a_unit_that_systemd_does_not_know_fails_the_check() -> None:
    answers = {"systemctl is-active": Result(4, "inactive\n"), "systemctl is-enabled": Result(4, "not-found\n")}
    assert Unit("x.service").check(SayingHost(answers)) == "x.service: inactive, expected active"
    assert Unit("x.service", running=None).check(SayingHost(answers)) == "x.service: not-found, expected enabled"


def test_a_reset_leaves_the_hosts_own_units_as_they_are(host: Shell, tmp_path: Path) -> None:
    host.run("set -eu\n" + Unit("x.service", optional=True).remove())
    assert not (tmp_path / "log").exists()
    host.run("set -eu\n" + Unit("x.service").remove())
    assert (tmp_path / "log").read_text() == "-q disable --now x.service\n"


def test_a_change_of_a_file_it_was_started_from_leaves_it_behind() -> None:
    unit = Unit("x.service", watches=("/etc/x", "/etc/y"))
    assert unit.follows({"/etc/y", "other"})
    assert not unit.follows({"/etc/z", "x.service"})
