"""The lock file and its renewal, against a server with upstream's layout."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from underlay.artifacts.build.gomod import module_sum
from underlay.artifacts.build.recipes import go_recipes
from underlay.artifacts.build.renew import renew_upstream
from underlay.artifacts.catalog import ARCHITECTURES, BINARIES, IMAGES, pinned_version
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.lock import LOCK_FILE, read_lock
from underlay.artifacts.upstream import Download, download_of

from .artifacts_server import Upstream


def content(name: str) -> bytes:
    return f"command {name}\n".encode()


def downloads() -> dict[tuple[str, str], Download]:
    return {
        (b.name, arch): download_of(b.name, pinned_version(b.component), arch)
        for b in BINARIES.values()
        for arch in ARCHITECTURES
    }


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    files: dict[str, bytes] = {}
    members: dict[str, dict[str, bytes]] = {}
    for (name, arch), download in downloads().items():
        if download.member:
            members.setdefault(download.path, {})[download.member] = content(name + arch)
        else:
            files[download.path] = content(name + arch)
    for path, held in members.items():
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for member, data in held.items():
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        files[path] = buffer.getvalue()
    sums: dict[str, str] = {}
    for download in {d.path: d for d in downloads().values()}.values():
        digest = hashlib.sha256(files[download.path]).hexdigest()
        if "dl.k8s.io" in download.path:
            sums[download.checksums] = digest
        else:
            sums[download.checksums] = sums.get(download.checksums, "") + f"{digest}  {download.filename}\n"
    with Upstream() as server:
        for path, data in (files | {p: t.encode() for p, t in sums.items()}).items():
            server.put("mirror/" + path, data)
        yield server


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    path = tmp_path / "lock.json"
    path.write_text(LOCK_FILE.read_text())
    return path


def test_renewal_pins_every_command_for_every_architecture(upstream: Upstream, lock_file: Path) -> None:
    renew_upstream(f"{upstream.url}/mirror", report=lambda _: None, path=lock_file)
    pinned = json.loads(lock_file.read_text())["upstream"]
    for (name, arch), download in downloads().items():
        key = f"{download.path}#{download.member}" if download.member else download.path
        assert pinned[key] == hashlib.sha256(content(name + arch)).hexdigest()
        assert len(pinned[download.path]) == 64


def test_renewal_keeps_the_versions(upstream: Upstream, lock_file: Path) -> None:
    before = json.loads(lock_file.read_text())
    renew_upstream(f"{upstream.url}/mirror/", report=lambda _: None, path=lock_file)
    after = json.loads(lock_file.read_text())
    assert (after["versions"], after["go"]) == (before["versions"], before["go"])


def test_charts_are_pinned_with_the_commands_and_once(upstream: Upstream, lock_file: Path) -> None:
    chart = io.BytesIO()
    with tarfile.open(fileobj=chart, mode="w:gz") as tar:
        about = tarfile.TarInfo("plugin/Chart.yaml")
        text = b"name: plugin\nversion: 1.2.3\n"
        about.size = len(text)
        tar.addfile(about, io.BytesIO(text))
    upstream.put("mirror/charts.example/plugin.tgz", chart.getvalue())
    entry = '{"version": "1.2.3", "urls": ["plugin.tgz"]}'
    upstream.put("mirror/charts.example/index.yaml", f'{{"entries": {{"plugin": [{entry}]}}}}'.encode())
    key = "https://charts.example/plugin@1.2.3"
    for _ in range(2):
        renew_upstream(f"{upstream.url}/mirror", report=lambda _: None, charts=[key], path=lock_file)
        digest = hashlib.sha256(chart.getvalue()).hexdigest()
        pinned = {"path": "charts.example/plugin.tgz", "sha256": digest}
        assert json.loads(lock_file.read_text())["charts"] == {key: pinned}
    assert [path for path, _ in upstream.requested].count("/mirror/charts.example/plugin.tgz") == 1


def test_a_chart_that_cannot_be_downloaded_leaves_the_lock_file_unchanged(upstream: Upstream, lock_file: Path) -> None:
    before = lock_file.read_text()
    with pytest.raises(
        ArtifactError, match=r"/mirror/charts\.example/index\.yaml: cannot be downloaded \(HTTP status 404\); "
    ):
        renew_upstream(
            f"{upstream.url}/mirror",
            report=lambda _: None,
            charts=["https://charts.example/plugin@1.2.3"],
            path=lock_file,
        )
    assert lock_file.read_text() == before


def test_an_archive_is_downloaded_once(upstream: Upstream, lock_file: Path) -> None:
    renew_upstream(f"{upstream.url}/mirror", report=lambda _: None, path=lock_file)
    paths = [path for path, _ in upstream.requested]
    assert len(paths) == len(set(paths)) + len(ARCHITECTURES) - 1  # runc's checksums are one file for all


@pytest.mark.parametrize("fault", ["404", "garbage", "another file", "no such member"])
def test_a_failed_renewal_names_the_url_and_leaves_the_lock_file_unchanged(
    upstream: Upstream, lock_file: Path, fault: str
) -> None:
    helm = download_of("helm", pinned_version("helm"), "amd64")
    before = lock_file.read_text()
    path = "/mirror/" + (helm.path if fault in ("another file", "no such member") else helm.checksums)
    if fault == "404":
        del upstream.files[path]
    elif fault == "no such member":
        buffer = io.BytesIO()
        tarfile.open(fileobj=buffer, mode="w:gz").close()
        upstream.files[path] = buffer.getvalue()
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()
        upstream.files["/mirror/" + helm.checksums] = f"{digest}  {helm.filename}".encode()
    else:
        upstream.files[path] = b"<html>"
    with pytest.raises(ArtifactError) as refused:
        renew_upstream(f"{upstream.url}/mirror", report=lambda _: None, path=lock_file)
    assert str(refused.value).startswith(upstream.url + path + ": ")
    assert "\n" not in str(refused.value)
    assert lock_file.read_text() == before


def test_the_lock_file_pins_a_version_for_every_component() -> None:
    components = {e.component for e in (*BINARIES.values(), *IMAGES.values())}
    assert components == set(read_lock().versions)


def test_the_lock_file_pins_the_sum_of_every_module_that_is_built() -> None:
    for recipe in go_recipes():
        if recipe.name != "pause":
            ((module, h1),) = module_sum(recipe).items()
            assert read_lock().go[module] == h1


def test_build_modules_pin_the_versions_of_the_lock_file() -> None:
    for recipe in go_recipes():
        if recipe.name != "pause":
            assert f"{recipe.module} v{recipe.version}" in (recipe.directory / "go.mod").read_text()
