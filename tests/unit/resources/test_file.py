"""Files and directories, on a real file system, in both shells."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.unit.local_host import OWNER, LocalHost, Shell
from underlay.resources.file import Directory, File

CONTENTS = {
    "empty": "",
    "a line": "one\n",
    "no newline at the end": "one\ntwo",
    "newlines only": "\n\n\n",
    "quotes": 'it\'s "quoted" `here` \\ there\\\n',
    "shell": "$HOME $(id) ${x:-y} `id` $$ !! *\n",
    "not ASCII": "ünïcode ☃ 漢字 \U0001f600\n",
    "the end mark": "before\nUNDERLAY_END\nrm -rf nothing\nUNDERLAY_END\n",
    "another end mark": "EOF\nEND\n'EOF'\n)\n",
    "a NUL": "a\0b\n",
    "carriage returns": "a\r\nb\r\n",
    "large": "0123456789abcdef\n" * 20_000,
}


@pytest.fixture(params=CONTENTS.values(), ids=CONTENTS)
def content(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_writes_exactly_the_content(shell: Shell, tmp_path: Path, content: str) -> None:
    file = File(str(tmp_path / "f"), content, owner=OWNER)
    outcome = shell.apply(file)
    assert (outcome.failed, outcome.unmet) == (None, ())
    assert (tmp_path / "f").read_bytes() == content.encode()


def test_what_was_written_is_observed_as_declared(shell: Shell, local: LocalHost, tmp_path: Path, content: str) -> None:
    file = File(str(tmp_path / "f"), content, owner=OWNER)
    assert file.sentence(shell.observe(file)[0]) == f"file {tmp_path}/f: absent -> present"
    shell.apply(file)
    assert file.sentence(shell.observe(file)[0]) is None
    assert file.check(local) is None


def test_applying_twice_is_harmless(shell: Shell, tmp_path: Path) -> None:
    file = File(str(tmp_path / "deep" / "er" / "f"), "x\n", mode="640", owner=OWNER)
    for _ in range(2):
        assert shell.apply(file).unmet == ()
    assert [p.name for p in (tmp_path / "deep" / "er").iterdir()] == ["f"]


def test_paths_may_have_spaces_and_quotes(shell: Shell, local: LocalHost, tmp_path: Path) -> None:
    file = File(str(tmp_path / "it's a $place" / "f -x"), "x\n", owner=OWNER)
    assert shell.apply(file).unmet == ()
    assert file.check(local) is None
    shell.run(file.remove())
    assert shell.observe(file) == ["absent"]


def test_a_secret_is_never_readable_by_others(shell: Shell, tmp_path: Path) -> None:
    # chown, chmod and mv are the only moments at which somebody could look: before the first, the file is as it is
    # made, after the last it is done.
    log = tmp_path / "log"
    for program in ("chown", "chmod", "mv"):
        shell.program_is(
            program,
            f"""for f do [ ! -f "$f" ] || stat -c '{program} %a' "$f" >>{log}; done
            PATH=${{PATH#*:}} {program} "$@"; r=$?
            for f do [ ! -f "$f" ] || stat -c 'after {program} %a' "$f" >>{log}; done; exit $r""",
        )
    file = File(str(tmp_path / "secret"), "hunter2\n", mode="600", owner=OWNER, secret=True)
    umask = "umask 000\n"
    ran = shell.run(umask + "set -eu\n" + file.apply())
    assert ran.rc == 0, ran.stderr
    observed = log.read_text().split("\n")[:-1]
    assert [line for line in observed if not line.endswith(" 600")] == []
    assert {line.split()[0] for line in observed} == {"chown", "chmod", "mv", "after"}
    assert oct((tmp_path / "secret").stat().st_mode)[-3:] == "600"


def test_secrets_stand_in_no_repr() -> None:
    assert "hunter2" not in repr(File("/etc/x", "hunter2", mode="600", secret=True))


def test_new_parent_directories_are_open_and_the_file_is_not(shell: Shell, tmp_path: Path) -> None:
    shell.run("set -eu; umask 077\n" + File(str(tmp_path / "new" / "f"), "x", mode="600", owner=OWNER).apply())
    assert oct((tmp_path / "new").stat().st_mode)[-3:] == "755"
    assert oct((tmp_path / "new" / "f").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("program", ["base64", "chown", "chmod", "mv"])
def test_a_command_that_fails_leaves_the_old_file_and_nothing_else(shell: Shell, tmp_path: Path, program: str) -> None:
    directory = tmp_path / "d"
    directory.mkdir()
    (directory / "f").write_text("old\n")
    shell.program_is(program, "echo 'No space left on device' >&2; exit 1")
    file = File(str(directory / "f"), "new\n", owner=OWNER)
    outcome, err = shell.apply_and_tell(file)
    assert outcome.failed == file
    assert err == "No space left on device\n"
    assert [(p.name, p.read_text()) for p in directory.iterdir()] == [("f", "old\n")]


@pytest.mark.parametrize("target", ["file", "directory", "nothing"])
def test_a_link_is_replaced_and_its_target_left_alone(shell: Shell, tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("theirs\n")
    (tmp_path / "directory").mkdir()
    (tmp_path / "f").symlink_to(tmp_path / target)
    file = File(str(tmp_path / "f"), "ours\n", owner=OWNER)
    assert file.sentence(shell.observe(file)[0]) == f"file {tmp_path}/f: link -> regular file"
    assert shell.apply(file).unmet == ()
    assert not (tmp_path / "f").is_symlink()
    assert (tmp_path / "file").read_text() == "theirs\n"
    assert list((tmp_path / "directory").iterdir()) == []


def test_a_directory_in_the_way_is_an_error_that_leaves_no_litter(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    file = File(str(tmp_path / "f"), "x\n", owner=OWNER)
    assert file.sentence(shell.observe(file)[0]) == f"file {tmp_path}/f: other -> regular file"
    outcome, err = shell.apply_and_tell(file)
    assert outcome.failed == file
    assert "directory" in err
    assert list((tmp_path / "f").iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bin", "f"]


def test_a_file_that_must_not_be_is_removed(shell: Shell, local: LocalHost, tmp_path: Path) -> None:
    file = File(str(tmp_path / "f"), None)
    assert file.sentence(shell.observe(file)[0]) is None
    (tmp_path / "f").write_text("x")
    assert file.sentence(shell.observe(file)[0]) == f"file {tmp_path}/f: present -> absent"
    assert file.check(local) == f"{tmp_path}/f: exists, expected absent"
    assert shell.apply(file).unmet == ()
    assert file.check(local) is None


def test_a_dangling_link_where_nothing_must_be_is_found(shell: Shell, local: LocalHost, tmp_path: Path) -> None:
    (tmp_path / "f").symlink_to(tmp_path / "nowhere")
    assert File(str(tmp_path / "f"), None).check(local) == f"{tmp_path}/f: exists, expected absent"


SHA = hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        (f"644 root:root {SHA}", None),
        ("absent", "absent -> present"),
        ("link", "link -> regular file"),
        ("other", "other -> regular file"),
        ("", "unreadable -> regular file"),
        ("644", "unreadable -> regular file"),
        (f"{SHA} -", "unreadable -> regular file"),
        ("644 root:root 0", "content differs"),
        (f"600 root:root {SHA}", "mode 600 -> 644"),
        (f"644 joe:joe {SHA}", "owner joe:joe -> root:root"),
        ("600 joe:joe 0", "content differs, mode 600 -> 644, owner joe:joe -> root:root"),
    ],
)
def test_reports_what_differs(observed: str, difference: str | None) -> None:
    assert File("/f", "x").difference(observed) == difference


@pytest.mark.parametrize(
    ("mode", "content", "problem"),
    [
        (0o644, "x\n", None),
        (0o644, "y\n", "{f}: content differs from the declared content"),
        (0o600, "x\n", "{f}: mode rw-------, expected rw-r--r--"),
        (0o755, "x\n", "{f}: mode rwxr-xr-x, expected rw-r--r--"),
    ],
)
def test_the_check_finds_what_is_wrong(
    local: LocalHost, tmp_path: Path, mode: int, content: str, problem: str | None
) -> None:
    path = tmp_path / "f"
    path.write_text(content)
    path.chmod(mode)
    found = File(str(path), "x\n", owner=OWNER).check(local)
    assert found == (problem.format(f=path) if problem else None)


def test_the_check_finds_a_wrong_owner_and_a_missing_file(local: LocalHost, tmp_path: Path) -> None:
    path = tmp_path / "f"
    assert File(str(path), "x\n").check(local) == f"{path}: missing"
    path.write_text("x\n")
    path.chmod(0o644)
    assert File(str(path), "x\n", owner="joe:joe").check(local) == f"{path}: owner {OWNER}, expected joe:joe"


def test_a_directory_is_made_and_set_right(shell: Shell, local: LocalHost, tmp_path: Path) -> None:
    directory = Directory(str(tmp_path / "a" / "b"), mode="750", owner=OWNER)
    assert directory.sentence(shell.observe(directory)[0]) == f"directory {tmp_path}/a/b: absent -> 750 {OWNER}"
    assert directory.check(local) == f"directory {tmp_path}/a/b: missing"
    for _ in range(2):
        assert shell.apply(directory).unmet == ()
    (tmp_path / "a" / "b").chmod(0o700)
    assert directory.difference(shell.observe(directory)[0]) == f"700 {OWNER} -> 750 {OWNER}"
    assert directory.check(local) == f"directory {tmp_path}/a/b: mode rwx------, expected rwxr-x---"
    assert shell.apply(directory).unmet == ()
    assert directory.check(local) is None


def test_a_directory_behind_a_link_is_judged_by_what_it_is(shell: Shell, local: LocalHost, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "d").symlink_to(tmp_path / "real")
    directory = Directory(str(tmp_path / "d"), owner=OWNER)
    assert directory.difference(shell.observe(directory)[0]) == f"700 {OWNER} -> 755 {OWNER}"
    assert shell.apply(directory).unmet == ()
    assert directory.check(local) is None


def test_a_file_where_a_directory_must_be_is_an_error(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "d").write_text("theirs")
    directory = Directory(str(tmp_path / "d"), owner=OWNER)
    assert shell.observe(directory) == ["other"]
    assert shell.apply(directory).failed == directory
    assert (tmp_path / "d").read_text() == "theirs"


def test_removing_a_directory_leaves_what_others_put_there(shell: Shell, tmp_path: Path) -> None:
    for name in ("empty", "full"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "theirs").touch()
    for name in ("empty", "full", "missing"):
        assert shell.run("set -eu\n" + Directory(str(tmp_path / name)).remove()).rc == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bin", "full"]


def test_a_directory_nobody_can_see_is_reported() -> None:
    assert Directory("/d").difference("") == "unreadable -> 755 root:root"
