"""A bundle that is built again, interrupted, or built twice at once."""

from __future__ import annotations

import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.build.charts import add_charts
from underlay.artifacts.build.recipes import required_recipes
from underlay.artifacts.build.verify import verify
from underlay.artifacts.chart_file import DownloadedChart, read_chart
from underlay.artifacts.error import ArtifactError

from .build_machine import Machine


def test_a_second_build_does_nothing_and_needs_no_tools(built: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = built.calls
    monkeypatch.setenv("PATH", "/nowhere")
    assert not built.build()
    assert built.calls == calls


def test_two_builds_give_the_same_bytes(built: Machine, tmp_path: Path) -> None:
    first = {n: i.digest for n, i in built.manifest().images.items()}
    (tmp_path / "home").rename(tmp_path / "first")
    built.build()
    assert {n: i.digest for n, i in built.manifest().images.items()} == first


def test_rebuilds_only_what_is_missing(built: Machine) -> None:
    before = built.calls
    built.blob("helm").unlink()
    assert built.build()
    assert built.calls[len(before) :] == ["go helm"]
    assert verify(built.bundle).problems == []


def test_charts_that_a_site_has_added_outlive_a_build(built: Machine, tmp_path: Path) -> None:
    add_charts(built.bundle, [write_chart(tmp_path / "plugin.tgz")])
    built.blob("helm").unlink()
    assert built.build()
    assert set(built.manifest().charts) == {"plugin@1.2.3"}
    assert verify(built.bundle).problems == []
    assert not built.build()


def test_a_chart_is_not_added_while_the_bundle_is_built(built: Machine, tmp_path: Path) -> None:
    with (tmp_path / "home" / "build" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ArtifactError, match=r"^bundle: another build is running"):
            add_charts(built.bundle, [write_chart(tmp_path / "plugin.tgz")])
    assert built.manifest().charts == {}


def write_chart(path: Path) -> DownloadedChart:
    with tarfile.open(path, "w:gz") as archive:
        about = tarfile.TarInfo("plugin/Chart.yaml")
        text = b"name: plugin\nversion: 1.2.3\n"
        about.size = len(text)
        archive.addfile(about, io.BytesIO(text))
    return read_chart(path)


def test_a_bundle_without_its_build_directory_is_still_up_to_date(built: Machine, tmp_path: Path) -> None:
    calls = built.calls
    (tmp_path / "home" / "build").rename(tmp_path / "gone")
    assert not built.build()
    assert built.calls == calls


def test_an_unreferenced_blob_is_reported_and_removed_by_the_next_build(built: Machine) -> None:
    stray = BlobStore(built.bundle).add_bytes(b"stray")
    assert verify(built.bundle).warnings == [f"blob {stray.sha256}: not referenced; `underlay bundle` removes it"]
    assert not built.build()
    assert verify(built.bundle).warnings == []


def test_a_failed_compilation_is_a_one_line_error_and_changes_nothing(
    built: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (built.bundle / "bundle.json").read_text()
    built.blob("helm").unlink()
    monkeypatch.setenv("BREAK", "helm")
    with pytest.raises(ArtifactError, match=r"^helm v[0-9.]+: go build failed \(main.go:1: it does not compile\); "):
        built.build()
    assert (built.bundle / "bundle.json").read_text() == before


def test_a_killed_build_is_resumed_by_the_next(machine: Machine) -> None:
    program = (
        "from underlay.artifacts.build.build import build_bundle\nfrom underlay.artifacts.build.steps import Steps\nfrom pathlib import Path\n"
        f"build_bundle(Path({str(machine.bundle)!r}), steps=Steps(quiet=True), arch='amd64')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"BLOCK": "etcd", "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    try:
        for _ in range(2400):
            if "blocked" in machine.calls and recorded(machine):
                break
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    before = machine.calls
    kept = recorded(machine)
    assert "blocked" in before
    assert "etcd" not in kept
    with pytest.raises(ArtifactError, match="not found"):
        machine.manifest()
    assert machine.build()
    # In whatever order: recipes are compiled side by side.
    assert set(machine.calls[len(before) :]) - {"mmdebstrap"} == {f"go {name}" for name in required_recipes() - kept}
    assert verify(machine.bundle).problems == []


def recorded(machine: Machine) -> set[str]:
    """The recipes whose outputs an interrupted build has recorded."""
    state = machine.root / "home" / "build" / "state.json"
    return set(json.loads(state.read_text())["built"].get("modules", {})) if state.exists() else set()


def test_two_builds_at_once_are_refused(machine: Machine, tmp_path: Path) -> None:
    lock = tmp_path / "home" / "build" / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711")
        file.flush()
        with pytest.raises(
            ArtifactError, match=r"^bundle: another build is running \(process 4711, .*wait until it ends"
        ):
            machine.build()
