"""The sources of artifacts, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from underlay.artifacts.artifact import Source
from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.build.image import write_image
from underlay.artifacts.build.image_recipes import ImageRecipe
from underlay.artifacts.bundle_source import bundled_program
from underlay.artifacts.download_source import DownloadSource
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.lock import Lock
from underlay.artifacts.manifest import BundledBinary, BundledImage, Manifest, save_manifest
from underlay.artifacts.source import open_source
from underlay.artifacts.trust import Pins, Wanted
from underlay.artifacts.upstream import checksum_in, download_of
from underlay.machines import ARCHITECTURES

from .upstream_world import SIGNED

A, B = "a" * 64, "b" * 64
KUBEADM = "dl.k8s.io/release/v1.37.2/bin/linux/amd64/kubeadm"
CONTAINERD = "github.com/containerd/containerd/releases/download/v2.4.2/containerd-2.4.2-linux-amd64.tar.gz"


NOWHERE = Path("/nowhere/mine.lock.json")
WANTED = Wanted(commands=frozenset({("kubeadm", "1.37.2"), ("ctr", "2.4.2")}))
PINS = Pins(files={KUBEADM: A, CONTAINERD: B})


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> Lock:
    files = {path.replace("amd64", arch): sum_ for path, sum_ in PINS.files.items() for arch in ARCHITECTURES}
    pinned = Lock({}, {}, files)
    monkeypatch.setattr("underlay.artifacts.trust.read_lock", lambda: pinned)
    return pinned


def opened(settings: dict[str, Any]) -> Source:
    return open_source(settings, wanted=WANTED, lock=NOWHERE)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    root = tmp_path / "bundle"
    store = BlobStore(root)
    kubectl = store.add_bytes(b"#!/bin/sh\necho kubectl\n")
    blobs = write_image(store, ImageRecipe(files={}), [store.add_bytes(b"layer")], arch="amd64")
    save_manifest(
        root,
        Manifest(
            arch="amd64",
            binaries={"kubectl": BundledBinary(version="1.37.2", sha256=kubectl.sha256, size=kubectl.size)},
            images={
                "pause": BundledImage(
                    ref="registry.k8s.io/pause:3.10.2", version="3.10.2", digest=blobs[0].digest, blobs=blobs
                )
            },
            outputs={},
        ),
    )
    return root


def test_upstream_gives_a_url_and_the_pinned_checksum(lock: Lock) -> None:
    found = opened({"source": "upstream"}).binary("kubeadm", "v1.37.2")
    assert (found.url, found.sha256, found.version) == (f"https://{KUBEADM}", A, "1.37.2")
    assert (found.member, found.blob) == (None, None)


def test_a_command_in_an_archive_has_the_archives_checksum(lock: Lock) -> None:
    found = opened({"source": "upstream"}).binary("ctr", "2.4.2")
    assert (found.url, found.sha256, found.member) == (f"https://{CONTAINERD}", B, "bin/ctr")


def test_a_mirror_keeps_upstreams_paths_below_its_own(lock: Lock) -> None:
    source = opened({"source": "mirror", "url": "https://mirror.example/k8s/"})
    assert source.binary("kubeadm", "1.37.2").url == f"https://mirror.example/k8s/{KUBEADM}"
    image = source.image("kube-proxy", "1.37.2")
    assert (image.ref, image.registry) == ("registry.k8s.io/kube-proxy:v1.37.2", "https://mirror.example")


def test_upstreams_images_are_pulled_under_their_own_names(lock: Lock) -> None:
    image = opened({"source": "upstream"}).image("coredns", "1.14.6")
    assert (image.ref, image.registry, image.blobs) == ("registry.k8s.io/coredns/coredns:v1.14.6", None, ())


def test_a_command_whose_checksum_is_not_known_is_refused() -> None:
    path = "dl.k8s.io/release/v1.37.2/bin/linux/arm64/kubelet"
    missing = ArtifactError(f"https://{path}.sha256", "cannot be downloaded")
    source = DownloadSource("https://", Pins(files={}, missing={path: missing}))
    with pytest.raises(ArtifactError) as refused:
        source.binary("kubelet", "1.37.2", "arm64")
    assert refused.value is missing


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "artifacts.source: unknown source (not set); one of upstream, mirror, bundle"),
        ({"source": "cloud"}, "artifacts.source: unknown source (cloud); one of upstream, mirror, bundle"),
        ({"source": "mirror"}, 'artifacts.url: missing; "source": "mirror" requires it'),
        (
            {"source": "mirror", "url": "ftp://x"},
            "artifacts.url: not a URL (ftp://x); such as https://mirror.example/k8s",
        ),
        ({"source": "bundle", "path": ""}, 'artifacts.path: missing; "source": "bundle" requires it'),
        (
            {"source": "upstream", "url": "x"},
            "artifacts: unknown setting (url); upstream has pins",
        ),
        (
            {"source": "bundle", "path": "/nowhere"},
            "bundle /nowhere: not found; run `underlay bundle` or name another path",
        ),
    ],
)
def test_reports_wrong_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArtifactError) as refused:
        opened(settings)
    assert str(refused.value) == message


def test_a_bundle_gives_blobs(bundle: Path) -> None:
    source = opened({"source": "bundle", "path": str(bundle)})
    kubectl = source.binary("kubectl", "v1.37.2")
    assert kubectl.blob is not None
    assert kubectl.blob.read_bytes().startswith(b"#!/bin/sh")
    assert kubectl.url is None
    image = source.image("pause", "3.10.2")
    assert image.digest == f"sha256:{image.blobs[0].sha256}"
    assert [b.path.is_file() for b in image.blobs] == [True, True, True]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (("kubectl", "1.36.0", "amd64"), "has no kubectl v1.36.0 (it has v1.37.2); request v1.37.2"),
        (("kubectl", "1.37.2", "arm64"), "is not for linux/arm64 (it is for linux/amd64); build one on a linux/arm64"),
        (("runc", "1.5.2", "amd64"), "has no runc v1.5.2; run `underlay bundle`"),
    ],
)
def test_reports_what_a_bundle_lacks(bundle: Path, ask: tuple[str, str, str], message: str) -> None:
    with pytest.raises(ArtifactError, match=r"^bundle .*: ") as refused:
        opened({"source": "bundle", "path": str(bundle)}).binary(*ask)
    assert message in str(refused.value)


def test_reports_a_missing_blob(bundle: Path) -> None:
    source = opened({"source": "bundle", "path": str(bundle)})
    blob = source.image("pause", "3.10.2").blobs[2].path
    blob.unlink()
    with pytest.raises(ArtifactError, match=f"image pause is missing \\({blob.name}\\)"):
        source.image("pause", "3.10.2")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1}', '{"format": 1, "arch": '])
def test_a_damaged_manifest_is_a_one_line_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "bundle.json").write_text(text)
    with pytest.raises(ArtifactError) as refused:
        opened({"source": "bundle", "path": str(tmp_path)})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["kubeadn", "rm"])
def test_an_unknown_name_gets_a_suggestion(lock: Lock, name: str) -> None:
    with pytest.raises(ArtifactError, match=r"not in the catalog; (did you mean kubeadm\?|one of bandwidth, )"):
        DownloadSource("https://", PINS).binary(name, "1.37.2")


def test_a_bundled_program_runs(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERLAY_HOME", str(tmp_path / "home"))
    program = bundled_program("kubectl", bundle)
    assert program.name == "kubectl"
    assert program.stat().st_mode & 0o111
    assert bundled_program("kubectl", bundle) == program


@pytest.mark.parametrize(
    ("name", "version", "path", "checksums", "member"),
    [
        ("kubelet", "1.37.2", "dl.k8s.io/release/v1.37.2/bin/linux/arm64/kubelet", ".sha256", None),
        (
            "containerd",
            "2.4.2",
            "github.com/containerd/containerd/releases/download/v2.4.2/containerd-2.4.2-linux-arm64.tar.gz",
            ".sha256sum",
            "bin/containerd",
        ),
        (
            "bridge",
            "1.9.1",
            "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-arm64-v1.9.1.tgz",
            ".sha256",
            "./bridge",
        ),
        (
            "flannel",
            "1.9.1-flannel3",
            "github.com/flannel-io/cni-plugin/releases/download/v1.9.1-flannel3/cni-plugin-flannel-linux-arm64-v1.9.1.tgz",
            ".sha256",
            "flannel-arm64",
        ),
        ("helm", "4.3.1", "get.helm.sh/helm-v4.3.1-linux-arm64.tar.gz", ".sha256sum", "linux-arm64/helm"),
    ],
)
def test_knows_upstreams_layout(name: str, version: str, path: str, checksums: str, member: str | None) -> None:
    found = download_of(name, version, "arm64")
    assert (found.path, found.checksums, found.member) == (path, path + checksums, member)


def test_runcs_checksums_are_in_one_file_for_all_architectures() -> None:
    found = download_of("runc", "1.5.2", "arm64")
    assert found.path.endswith("/v1.5.2/runc.arm64")
    assert found.checksums.endswith("/v1.5.2/runc.sha256sum")


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (A, A),
        (A + "\n", A),
        (f"{A}  runc.amd64\n{B}  runc.arm64\n", B),
        (SIGNED.format(lines=f"{A}  runc.amd64\n{B}  runc.arm64"), B),
        (f"{B} *runc.arm64\n", B),
        (f"{A}  _output/runc.arm64\n", A),
        (f"{A}  runc.amd64\n", None),
        ("<html>not found</html>", None),
        ("", None),
        (f"{'z' * 64}  runc.arm64\n", None),
    ],
)
def test_reads_the_checksum_files_upstream_writes(text: str, digest: str | None) -> None:
    assert checksum_in(text, "runc.arm64") == digest
