"""Images that hosts pull: by digests of the site's lock, from where the inventory says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.artifacts.artifacts_server import Upstream
from tests.unit.clusters import spec
from underlay.artifacts.artifact import ImageArtifact, LocalBlob
from underlay.artifacts.error import ArtifactErrors
from underlay.artifacts.site_lock import read_site_lock
from underlay.model.registry import Registry
from underlay.run.pulled_images import pulled_images

PAUSE, FLANNEL = "registry.k8s.io/pause:3.10.2", "ghcr.io/flannel-io/flannel:v0.28.9"
MANIFEST = b"{}"
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"


@pytest.fixture
def mirror() -> Iterator[Upstream]:
    with Upstream() as server:
        for path in ("pause/manifests/3.10.2", "k8s/pause/manifests/3.10.2", "flannel-io/flannel/manifests/v0.28.9"):
            server.put(f"v2/{path}", MANIFEST)
        yield server


def test_of_a_mirror_and_of_named_registries_each_image_has_its_own(mirror: Upstream, tmp_path: Path) -> None:
    made = spec(registries=(Registry("registry.k8s.io", f"{mirror.url}/k8s", "me", "correct-horse"),))
    images = [ImageArtifact(ref=ref, registry=mirror.url) for ref in (PAUSE, FLANNEL)]
    lines: list[str] = []
    pulled = pulled_images(made, images, lock=tmp_path / "x.lock.json", say=lines.append)
    resource = pulled.resource(images)
    assert dict(resource.digests) == {PAUSE: DIGEST, FLANNEL: DIGEST}
    assert dict(resource.urls) == {
        PAUSE: f"{mirror.url}/v2/k8s/pause/manifests/3.10.2",
        FLANNEL: f"{mirror.url}/v2/flannel-io/flannel/manifests/v0.28.9",
    }
    calls = [line for line in resource.install.splitlines() if line.startswith("u_pull ")]
    assert calls == [f"u_pull {PAUSE} {DIGEST}", f"u_pull {FLANNEL} {DIGEST} {mirror.url}"]
    assert "u_hosts=/etc/containerd/certs.d" in resource.install
    assert "correct-horse" not in resource.install
    assert len(lines) == 1


def test_imported_images_are_asked_for_nowhere(tmp_path: Path) -> None:
    blob = LocalBlob(sha256="1" * 64, size=1, path=tmp_path)
    image = ImageArtifact(ref=PAUSE, digest=f"sha256:{'1' * 64}", blobs=(blob,))
    resource = pulled_images(spec(), [image], lock=tmp_path / "x.lock.json", say=lambda _: None).resource([image])
    assert (resource.digests, resource.urls) == ((), ())
    assert not (tmp_path / "x.lock.json").exists()


def test_what_is_locked_is_not_asked_for_again_and_another_digest_is_told(mirror: Upstream, tmp_path: Path) -> None:
    lock, image = tmp_path / "x.lock.json", ImageArtifact(ref=PAUSE, registry=mirror.url)
    pulled_images(spec(), [image], lock=lock, say=lambda _: None)
    before = len(mirror.requested)
    pulled = pulled_images(spec(), [image], lock=lock, say=lambda _: None)
    assert len(mirror.requested) == before
    mirror.put("v2/pause/manifests/3.10.2", b"{ }")
    ((reference, locked, now),) = pulled.moved([PAUSE])
    assert (reference, locked) == (PAUSE, DIGEST)
    assert now == f"sha256:{hashlib.sha256(b'{ }').hexdigest()}"
    assert read_site_lock(lock).images == {PAUSE: DIGEST}


def test_locked_pins_refuse_an_image_that_is_in_no_lock(mirror: Upstream, tmp_path: Path) -> None:
    locked = replace(spec(), artifacts={"source": "mirror", "url": mirror.url, "pins": "locked"})
    image = ImageArtifact(ref=PAUSE, registry=mirror.url)
    with pytest.raises(ArtifactErrors, match="its digest is in no lock"):
        pulled_images(locked, [image], lock=tmp_path / "x.lock.json", say=lambda _: None)
    assert mirror.requested == []
