"""The lock beside an inventory: written once, then compared."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from underlay.artifacts.error import ArtifactError, ArtifactErrors
from underlay.artifacts.lock import ChartPin
from underlay.artifacts.site_lock import SiteLock, read_site_lock, record, site_lock_of

A, B = "a" * 64, "b" * 64
KUBEADM = "dl.k8s.io/release/v1.37.2/bin/linux/amd64/kubeadm"
PAUSE = "registry.k8s.io/pause:3.10.2"
CHART = "https://helm.cilium.io/cilium@1.20.2"
WHOLE = SiteLock(
    files={KUBEADM: A}, charts={CHART: ChartPin("helm.cilium.io/cilium-1.20.2.tgz", A)}, images={PAUSE: f"sha256:{A}"}
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.lock.json"


@pytest.mark.parametrize(
    ("inventory", "beside"),
    [
        ("inventories/mine.py", "inventories/mine.lock.json"),
        ("/etc/site.eu.py", "/etc/site.eu.lock.json"),
        ("@docker/debian", "underlay.lock.json"),
    ],
)
def test_it_is_beside_the_inventory(inventory: str, beside: str) -> None:
    assert site_lock_of(inventory) == Path(beside)


def test_it_is_kept_as_a_document_to_commit(path: Path) -> None:
    assert record(path, WHOLE) == WHOLE == read_site_lock(path)
    assert json.loads(path.read_text()) == {
        "format": 1,
        "files": {KUBEADM: A},
        "charts": {CHART: {"path": "helm.cilium.io/cilium-1.20.2.tgz", "sha256": A}},
        "images": {PAUSE: f"sha256:{A}"},
    }
    assert [p.name for p in path.parent.iterdir()] == ["mine.lock.json"]


def test_what_is_found_later_is_added(path: Path) -> None:
    record(path, SiteLock(files={KUBEADM: A}))
    record(path, SiteLock(images={PAUSE: f"sha256:{B}"}))
    assert read_site_lock(path) == SiteLock(files={KUBEADM: A}, images={PAUSE: f"sha256:{B}"})


def test_it_is_not_written_without_need(path: Path) -> None:
    record(path, SiteLock())
    assert not path.exists()
    record(path, WHOLE)
    before = path.stat()
    record(path, SiteLock(files={KUBEADM: A}))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_every_other_value_is_refused_with_both_and_nothing_is_written(path: Path) -> None:
    record(path, WHOLE)
    before = path.read_text()
    other = SiteLock(
        files={KUBEADM: B, "get.helm.sh/new": A},
        charts={CHART: ChartPin("helm.cilium.io/cilium-1.20.2.tgz", B)},
        images={PAUSE: f"sha256:{B}"},
    )
    with pytest.raises(ArtifactErrors) as refused:
        record(path, other)
    remedy = "find out who changed it and why: a release is published once. To trust it, remove the entry"
    assert refused.value.problems == (
        f"{path}: {KUBEADM} has changed (locked {A}, now {B}); {remedy}",
        f"{path}: {CHART} has changed (locked {A}, now {B}); {remedy}",
        f"{path}: {PAUSE} has changed (locked sha256:{A}, now sha256:{B}); {remedy}",
    )
    assert path.read_text() == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "files": {"x": "abc"}}',
        '{"format": 1, "images": {"x": "' + "a" * 64 + '"}}',
        '{"format": 1, "more": {}}',
        '{"format": 1, "charts": {"x": {"path": "y"}}}',
        "\xff",
    ],
)
def test_a_damaged_one_is_one_line_and_is_not_overwritten(path: Path, text: str) -> None:
    path.write_text(text, encoding="latin-1")
    for use in (read_site_lock, lambda p: record(p, WHOLE)):
        with pytest.raises(ArtifactError, match=rf"^{path}: (is not a lock|cannot be read) \(") as refused:
            use(path)
        assert "\n" not in str(refused.value)
    assert path.read_text(encoding="latin-1") == text


def test_one_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"mine\.lock\.json: cannot be written \(No such file or directory\); "):
        record(tmp_path / "absent" / "mine.lock.json", WHOLE)


def test_of_two_runs_at_once_neither_loses_what_it_found(path: Path) -> None:
    found = [SiteLock(files={f"get.helm.sh/{n}": A}) for n in range(8)]
    children = []
    for one in found:
        if (child := os.fork()) == 0:
            record(path, one)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(found)
    assert len(read_site_lock(path).files) == len(found)
