"""A lab test that fails leaves one folder: its hosts' words, commands and report; its path is the failure's last line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.lab import commands_run, failure_folder, lab_evidence
from tests.lab.deployed import Run
from tests.summary.results import read
from underlay.lab import record, ssh
from underlay.lab.host import namespaces
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab, LabNode
from underlay.verify.evidence_files import read_outputs

ROOT = Path(__file__).resolve().parents[2]
LAB = Lab("broken", network="10.240.0.0/16", workers=1, racks=1)
TEST = "tests/lab/test_bgp.py::test_is_named[a/b and c]"


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing of this process's own is kept, nor asked."""
    for name, value in (("_folders", {}), ("_count", Counter()), ("_gathered", {})):
        monkeypatch.setattr(failure_folder, name, value)
    monkeypatch.setattr(failure_folder, "ROOT", tmp_path)
    monkeypatch.setattr(failure_folder, "FOLDERS", tmp_path / "reports/failed-tests")
    monkeypatch.setattr(commands_run, "_secrets", {})
    monkeypatch.setenv("UNDERLAY_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(record, "read", lambda name: LAB if name == LAB.name else None)
    monkeypatch.setattr(namespaces, "of_lab", lambda _: [])
    return tmp_path / "reports/failed-tests"


def gather(name: str, directory: Path) -> bool:
    if name == LAB.name:
        directory.mkdir()
    return name == LAB.name


def deploy_in_vain() -> None:
    """As a fixture does."""
    try:
        raise AssertionError("deploy failed")
    finally:
        failure_folder.keep_before_down("broken")


def contents(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def test_has_the_failure_what_was_run_and_the_last_report(folders: Path) -> None:
    report = folders.parent / "broken-20261130-021500"
    report.mkdir(parents=True)
    (report / "report.json").write_text("{}")
    Run(1, "\x1b[31mno route\x1b[0m")
    folder = failure_folder.keep(TEST, ["broken", "broken", "another"], "assert 1 == 2", gather=gather)
    assert folder.parent == folders
    assert folder.name.startswith("test_bgp-test_is_named-a-b-and-c-20")
    found = contents(folder)
    assert found.keys() == {"failure.txt", "commands.txt", "broken/report/report.json"}
    assert found["failure.txt"] == "assert 1 == 2"
    assert "ended with 1, having printed:\nno route\n" in found["commands.txt"]


def test_hosts_that_are_down_and_a_console_are_part_of_it(tmp_path: Path) -> None:
    commands_run.learn_secrets({"bgp": {"password": "hush"}, "network": {"mode": "routed"}})
    console = LabPaths.of(LAB.name).node("w-1").console
    console.parent.mkdir(parents=True)
    console.write_text("[FAILED] sshd\n")
    scripts: dict[str, str] = {}

    def ask(lab: Lab, node: LabNode, script: str) -> str:
        scripts[node.name] = script
        if node.name == "w-1":
            return "ssh: connect to host: No route to host\n"
        return "\x1eroutes\ndefault via 10.240.1.1\n\x1eFRR\nneighbor password hush\n\x1erules\n\n"

    assert lab_evidence.gather(LAB.name, tmp_path / "broken", ask=ask)
    assert contents(tmp_path / "broken") == {
        "cp-1/routes.txt": "default via 10.240.1.1\n",
        "cp-1/FRR.txt": "neighbor password <secret password>\n",
        "w-1/no-answer.txt": "ssh: connect to host: No route to host\n",
        "w-1/console.txt": "[FAILED] sshd\n",
    }
    for wanted in ("journalctl", "nft list ruleset", "iptables-save", "ip route show table all", "ip rule"):
        assert wanted in scripts["w-1"]
    assert "dmesg" not in scripts["cp-1"]
    assert [name for name, script in scripts.items() if "get events" in script] == ["cp-1"]


def test_a_lab_that_is_not_up_leaves_nothing(tmp_path: Path) -> None:
    assert not lab_evidence.gather("another", tmp_path / "another")
    assert not (tmp_path / "another").exists()


def test_what_a_host_says_in_time_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_evidence, "HOST_S", 2)
    slow = ["sh", "-c", "printf '\\036routes\\ndefault\\n'; exec sleep 60", "sh"]
    monkeypatch.setattr(ssh, "command", lambda *_, **__: slow)
    monkeypatch.setattr(lab_evidence, "OPTIONS", [])
    said = read_outputs(lab_evidence.over_ssh(LAB, LAB.nodes[0], "true"))
    assert said == {"routes": "default\n", "no answer": "not within 2 s\n"}


def test_a_lab_in_which_everything_fails_is_not_asked_every_time() -> None:
    folders = [failure_folder.keep(f"t.py::test_{n}", ["broken"], "", gather=gather) for n in range(5)]
    assert [(folder / "broken").exists() for folder in folders] == [True, True, True, False, False]
    assert contents(folders[4])["broken-is-broken.txt"].endswith(f"see {folders[2] / 'broken'}\n")


def test_hosts_are_asked_before_a_fixture_that_failed_takes_them_away(
    monkeypatch: pytest.MonkeyPatch, folders: Path
) -> None:
    monkeypatch.setattr(failure_folder, "gather", gather)
    monkeypatch.setenv("PYTEST_CURRENT_TEST", f"{TEST} (setup)")
    failure_folder.keep_before_down("broken")
    assert not folders.exists()
    with pytest.raises(AssertionError, match="deploy"):
        deploy_in_vain()
    (folder,) = folders.iterdir()
    assert (folder / "broken").is_dir()
    assert failure_folder.keep(TEST, ["broken"], "deploy failed", gather=gather) == folder


def test_trouble_there_hides_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def troubled(*_: object) -> bool:
        raise OSError("disk full")

    monkeypatch.setattr(failure_folder, "gather", troubled)
    monkeypatch.setenv("PYTEST_CURRENT_TEST", f"{TEST} (setup)")
    with pytest.raises(AssertionError, match="deploy"):
        deploy_in_vain()
    assert "could not be asked: OSError('disk full')" in capsys.readouterr().err


CONFTEST = """
import pathlib, pytest
from tests.lab import failure_folder
from tests.lab.explained import explain
failure_folder.FOLDERS = pathlib.Path({folders!r})
{trouble}
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        explain(item, report)
    return report
"""


@pytest.mark.parametrize(("workers", "trouble"), [("1", ""), ("0", "failure_folder.write = None")])
def test_the_folder_is_the_last_line_of_a_failure(workers: str, trouble: str, folders: Path, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.format(folders=str(folders), trouble=trouble))
    (tmp_path / "test_it.py").write_text("def test_bad():\n    print('a word')\n    assert 1 == 2\n")
    command = [sys.executable, "-m", "pytest", "-n", workers, "-p", "no:cacheprovider", "--junitxml=out.xml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    assert "E       assert 1 == 2" in lines
    last = lines[next(i for i, line in enumerate(lines) if "generated xml" in line) - 1]
    (failed,) = read(tmp_path / "out.xml")
    if trouble:
        assert last == "could not be kept: TypeError(\"'NoneType' object is not callable\")"
    else:
        assert last == failed.folder
        assert (ROOT / failed.folder / "failure.txt").read_text().startswith("test_it.py::test_bad\n")
