"""`underlay init`: a whole project or nothing, and nothing of anybody else's touched."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from underlay.cli.errors import Refused
from underlay.cli.init import init_command
from underlay.cli.project_directory import project_files

ROOT = Path(__file__).resolve().parents[3]


def init(directory: Path) -> Result:
    return CliRunner().invoke(init_command, [str(directory)], standalone_mode=False)


def files_below(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def test_a_project_has_the_deploy_with_all_its_phases_inventories_and_shared_values(tmp_path: Path) -> None:
    assert init(tmp_path / "new" / "site").exception is None
    made = files_below(tmp_path / "new" / "site")
    phases = {n.module for n in ast.parse(made["deploy.py"]).body if isinstance(n, ast.ImportFrom)}
    assert {f"{str(p).replace('.', '/')}.py" for p in phases} < set(made)
    assert {"Vagrantfile", "vagrant.json", "group_data/all.py"} < set(made)
    assert {"bare_metal.py", "lab.py", "lab_bgp.py", "vagrant.py"} == {
        p.removeprefix("inventories/") for p in made if p.startswith("inventories/")
    }
    assert [p for p in made if "pycache" in p] == []
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["site"]


def test_it_says_what_it_made_and_what_to_type_next(tmp_path: Path) -> None:
    output = init(tmp_path / "site").output
    phases = len(list((ROOT / "tasks").glob("*.py")))
    folders = (
        f"tasks/ ({phases} files), inventories/ (bare_metal.py, lab.py, lab_bgp.py, vagrant.py), group_data/ (all.py)"
    )
    assert folders in output
    lines = output.splitlines()
    commands = lines[lines.index("next:") + 1 :][:3]
    assert [line.split()[0] for line in commands] == ["cd", "underlay", "underlay"]


def test_files_of_others_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("ours")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "own.py").write_text("own")
    assert init(tmp_path).exception is None
    assert files_below(tmp_path) == {**project_files(), "README.md": b"ours", "tasks/own.py": b"own"}


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_every_file_that_exists_is_a_line_and_nothing_is_written(tmp_path: Path, kind: str) -> None:
    (tmp_path / "inventories").mkdir()
    for name in ("config.py", "inventories/lab.py"):
        path = tmp_path / name
        path.write_text("mine") if kind == "file" else path.symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    error = init(tmp_path).exception
    assert isinstance(error, Refused)
    assert error.message.splitlines() == [
        f"{tmp_path / name}: already exists; move it away, or name another directory"
        for name in ("config.py", "inventories/lab.py")
    ]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_in_a_folders_place_is_a_line_too(tmp_path: Path) -> None:
    (tmp_path / "tasks").write_text("a list")
    error = init(tmp_path).exception
    assert isinstance(error, Refused)
    assert error.message == f"{tmp_path / 'tasks'}: is not a directory; move it away, or name another directory"
    assert init(tmp_path / "tasks").exception.message == f"{tmp_path / 'tasks'}: is not a directory; name another"  # type: ignore[union-attr]


def test_a_move_that_fails_takes_back_the_moves_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, count = Path.rename, iter(range(9))

    def failing(self: Path, target: Path) -> Path:
        if next(count) == 5:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    error = init(tmp_path).exception
    assert isinstance(error, Refused)
    assert error.message == f"{tmp_path}: cannot be written (No space left on device); name another directory"
    assert files_below(tmp_path) == {}


def test_git_ignores_kubeconfigs_reports_and_keys_and_nothing_of_the_project(tmp_path: Path) -> None:
    init(tmp_path)
    secret = [".underlay/lab/kubeconfig", "reports/lab-1/report.json", "kubeconfig", "site.key", "id_ed25519", ".env"]
    for name in secret:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    added = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert set(added.stdout.split()) == set(project_files())
