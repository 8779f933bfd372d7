"""What was built is what the state root has and did not have."""

from __future__ import annotations

import json
from pathlib import Path

from tests.summary.built import contents, difference


def bundle(home: Path, binaries: dict[str, str], images: dict[str, str]) -> None:
    (home / "bundle").mkdir(parents=True, exist_ok=True)
    manifest = {
        "binaries": {name: {"sha256": digest, "size": 1} for name, digest in binaries.items()},
        "images": {name: {"digest": digest} for name, digest in images.items()},
    }
    (home / "bundle/bundle.json").write_text(json.dumps(manifest))


def test_everything_from_nothing(tmp_path: Path) -> None:
    before = contents(tmp_path)
    bundle(tmp_path, dict.fromkeys(("crictl", "kubeadm", "kubectl", "kubelet"), "1"), {"etcd": "2"})
    for directory in ("images/trixie-1", "images/modules-2", "prefilled/abc"):
        (tmp_path / directory).mkdir(parents=True)
    assert difference(before, contents(tmp_path)) == [
        "4 binaries",
        "image etcd",
        "base images modules-2, trixie-1",
        "unpacked images abc",
    ]


def test_only_what_changed(tmp_path: Path) -> None:
    bundle(tmp_path, {"crictl": "1", "kubelet": "1"}, {"etcd": "2"})
    before = contents(tmp_path)
    bundle(tmp_path, {"crictl": "1", "kubelet": "3"}, {"etcd": "2"})
    (tmp_path / "images/trixie-1.building").mkdir(parents=True)
    assert difference(before, contents(tmp_path)) == ["binary kubelet"]


def test_nothing(tmp_path: Path) -> None:
    bundle(tmp_path, {"crictl": "1"}, {})
    assert difference(contents(tmp_path), contents(tmp_path)) == []
