"""One query for all resources of a kind finds what single queries would have found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.local_host import Shell
from underlay.resources.file import Directory, File
from underlay.resources.resource import Resource
from underlay.resources.script import observe_script
from underlay.resources.sysctl import Sysctl
from underlay.resources.unit import Unit


def resources(tmp: Path) -> Sequence[Resource]:
    """Of each kind: as one expects it, odd in its name, absent, and something else in its place."""
    (tmp / "a file").write_text("a = 1\n")
    (tmp / "a file").chmod(0o640)
    (tmp / "b[*].conf").write_text("b\n")
    (tmp / "link").symlink_to(tmp / "a file")
    (tmp / "to nothing").symlink_to(tmp / "nothing")
    (tmp / "directory").mkdir(0o700)
    (tmp / "linked").symlink_to(tmp / "directory")
    os.mkfifo(tmp / "pipe")
    names = ("a file", "b[*].conf", "absent", "link", "to nothing", "directory", "pipe", "a file")
    return (
        *(File(str(tmp / name), "a = 1\n") for name in names),
        *(Directory(str(tmp / name)) for name in ("directory", "linked", "absent", "a file", "to nothing")),
        *(Sysctl(key, "1") for key in ("kernel.ostype", "net.ipv4.ip_local_port_range", "no.such", "kernel")),
        *(Unit(name) for name in ("one.service", "two.service", "one.service", "none.service")),
    )


@pytest.fixture
def host(shell: Shell) -> Shell:
    shell.program_is(
        "systemctl",
        """shift 2; sep=
        shift
        for u do
          [ -z "$sep" ] || echo; sep=1
          case $u in
            one.*) printf 'ActiveState=active\\nUnitFileState=enabled\\nNeedDaemonReload=no\\n';;
            two.*) printf 'NeedDaemonReload=yes\\nActiveState=failed\\nUnitFileState=disabled\\n';;
            *) printf 'ActiveState=inactive\\nUnitFileState=\\nNeedDaemonReload=no\\n';;
          esac
        done""",
    )
    return shell


def test_answers_are_those_of_single_questions(host: Shell, tmp_path: Path) -> None:
    queries = resources(tmp_path)
    single = [host.observe(resource)[0] for resource in queries]
    assert host.observe(*queries) == single
    assert len(set(single)) > 10


def test_fragments_do_without_what_was_gathered(host: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = resources(tmp_path)
    gathered = host.observe(*queries)
    for kind in {type(resource) for resource in queries}:
        monkeypatch.setattr(kind, "gather", classmethod(lambda _cls, _those: ""))
    assert host.observe(*queries) == gathered


def test_many_of_a_kind_cost_no_process_each(host: Shell, tmp_path: Path) -> None:
    for program in ("stat", "sha256sum", "grep", "cat"):
        host.program_is(program, f'echo {program} >>{tmp_path}/log; PATH={host.path} exec {program} "$@"')
    queries = [
        *(File(str(tmp_path / f"f{n}"), "x") for n in range(9)),
        *(Directory(str(tmp_path)) for _ in range(9)),
        *(Sysctl(key, "1") for key in ("kernel.ostype", "kernel.osrelease", "kernel.version")),
    ]
    for n in range(9):
        (tmp_path / f"f{n}").write_text(str(n))
    assert observe_script(queries)
    host.observe(*queries)
    assert sorted((tmp_path / "log").read_text().split()) == ["grep", "sha256sum", "stat", "stat"]
