"""What has come since goes from directories that were there, and a directory with something of somebody's stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import OWNER, Shell
from underlay.plan.host_record import CONTENTS, PROGRAM_STATE, Prior
from underlay.reset.host_script import since
from underlay.reset.kinds import differs, question


@pytest.fixture
def place(shell: Shell, tmp_path: Path) -> Path:
    """/var/lib/cni, with a file of an operator's that was there."""
    place = tmp_path / "cni"
    (place / "of the site").mkdir(parents=True)
    (place / "of the site/-rf").write_text("kept")
    shell.places = {"/var/lib/cni": str(place), CONTENTS: str(tmp_path / "contents")}
    listed = shell.run(f"find {' '.join(PROGRAM_STATE)} -xdev 2>/dev/null >{CONTENTS}")
    assert listed.stderr == ""
    return place


def test_of_a_directory_that_was_there_goes_what_has_come_since(shell: Shell, place: Path, tmp_path: Path) -> None:
    (place / "results/x").mkdir(parents=True)
    (place / "results/x/a b").write_text("")
    (place / "link").symlink_to("of the site")
    (place / "of the site/new").write_text("")
    assert shell.run(since(PROGRAM_STATE, CONTENTS)).rc == 0
    assert sorted(str(p.relative_to(place)) for p in place.rglob("*")) == ["of the site", "of the site/-rf"]


def test_without_a_list_everything_stays(shell: Shell, place: Path, tmp_path: Path) -> None:
    (tmp_path / "contents").unlink()
    (place / "new").write_text("")
    assert shell.run(since(PROGRAM_STATE, CONTENTS)).rc == 0
    assert (place / "new").exists()


@pytest.mark.parametrize(("there", "left"), [(None, False), ((), True), (("site.conf",), False)])
def test_a_directory_of_ours_is_left_where_it_is_empty(
    shell: Shell, tmp_path: Path, there: tuple[str, ...] | None, left: bool
) -> None:
    path = tmp_path / "net.d"
    for name in there or ():
        path.mkdir(exist_ok=True)
        (path / name).write_text("")
    if there == ():
        path.mkdir()
    prior = Prior("directory", str(path), "absent")
    probe = question(prior)
    assert probe is not None
    assert differs(prior, shell.observe(probe)[0]) is left


def test_a_directory_that_was_there_is_again_what_it_was(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "net.d"
    path.mkdir(mode=0o700)
    (path / "site.conf").write_text("")
    prior = Prior("directory", str(path), f"700 {OWNER}")
    probe = question(prior)
    assert probe is not None
    assert not differs(prior, shell.observe(probe)[0])
    path.chmod(0o755)
    assert differs(prior, shell.observe(probe)[0])
