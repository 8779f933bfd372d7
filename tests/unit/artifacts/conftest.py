"""What tests of artifacts share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.lock import ChartPin, Lock
from underlay.artifacts.manifest import Manifest, save_manifest

from .artifacts_server import Upstream
from .build_machine import Machine, on_machine
from .chart_samples import CONTENT, FILE, INDEX, KEY, MANIFEST, index, packed, sha256
from .fetch_host import OLD, Host


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return on_machine(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build, made once; tests get copies."""
    root = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert on_machine(root, monkeypatch).build()
    return root


@pytest.fixture
def built(machine: Machine, template: Path) -> Machine:
    shutil.copytree(template, machine.root, dirs_exist_ok=True)
    return machine


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def published() -> Iterator[Upstream]:
    """A chart repository and a registry, below a mirror's path."""
    chart = packed()
    with Upstream() as server:
        entry = {"name": "plugin", "version": "1.2.3", "urls": ["plugin-1.2.3.tgz"], "digest": sha256(chart)}
        server.put(f"m/{INDEX}", index({"plugin": [entry | {"version": "1.2.4"}, entry]}))
        server.put(f"m/{FILE}", chart)
        in_registry = packed(version="v1.2.3+one")
        layers = [{"mediaType": CONTENT, "digest": f"sha256:{sha256(in_registry)}", "size": len(in_registry)}]
        server.put("token", b'{"token": "abc"}')
        server.put(f"m/{MANIFEST}", json.dumps({"schemaVersion": 2, "layers": layers}).encode(), wants="abc")
        server.put(f"m/registry.example/v2/charts/plugin/blobs/sha256:{sha256(in_registry)}", in_registry, wants="abc")
        yield server


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lock:
    pinned = Lock({}, {}, {}, {KEY: ChartPin(FILE, sha256(packed()))})
    for module in ("trust", "build.charts"):
        monkeypatch.setattr(f"underlay.artifacts.{module}.read_lock", lambda: pinned)
    return pinned


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle with nothing in it."""
    root = tmp_path / "bundle"
    BlobStore(root).directory.mkdir(parents=True)
    (root / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (root / "index.json").write_text(
        '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'
    )
    save_manifest(root, Manifest(arch="amd64", binaries={}, images={}, outputs={}))
    return root


@pytest.fixture
def host(tmp_path: Path) -> Host:
    root = tmp_path / "a host's $root"
    dest = root / "bin" / "kubeadm"
    dest.parent.mkdir(parents=True)
    dest.write_bytes(OLD)
    return Host(root, dest, root / "cache")
