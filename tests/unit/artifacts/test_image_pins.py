"""Digests of images: read from a registry once, kept in the site's lock, compared with the tag's ever after."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificate_authority import CertificateAuthority
from tests.docker_registry import PROGRAM, DockerRegistry
from underlay.artifacts.endpoints import Endpoint, Registries, manifest_url
from underlay.artifacts.error import ArtifactErrors
from underlay.artifacts.image_pins import moved_tags, pinned_images
from underlay.artifacts.site_lock import read_site_lock
from underlay.model.registry import Registry

from .artifacts_server import Upstream

PAUSE = "registry.k8s.io/pause:3.10.2"
FLANNEL = "ghcr.io/flannel-io/flannel:v0.28.9"
LOGIN = ("robot", "correct-horse")
INDEX = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
DIGEST = f"sha256:{hashlib.sha256(INDEX).hexdigest()}"
installed = pytest.mark.skipif(PROGRAM is None, reason="no registry is installed (Debian: apt install docker-registry)")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "mine.lock.json"


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerRegistry]:
    """A real one with TLS and a user."""
    authority = CertificateAuthority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with DockerRegistry(tmp_path, tls=authority.issue("127.0.0.1"), ca=authority.certificate, login=LOGIN) as registry:
        yield registry


def at(url: str, *, login: tuple[str, str] | tuple[None, None] = LOGIN) -> Registries:
    """The inventory's entry for registry.k8s.io, as its host files have it."""
    registry = Registry("registry.k8s.io", url, *login)
    return Registries(endpoints={registry.host: Endpoint(base=registry.base, authorization=registry.authorization)})


@pytest.mark.parametrize(
    ("ref", "url"),
    [
        (PAUSE, "https://registry.k8s.io/v2/pause/manifests/3.10.2"),
        (FLANNEL, "https://ghcr.io/v2/flannel-io/flannel/manifests/v0.28.9"),
        ("docker.io/rajchaudhuri/weave-kube:2.9.0", "https://registry-1.docker.io/v2/rajchaudhuri/weave-kube/manifests/2.9.0"),
    ],
)  # fmt: skip
def test_a_tags_manifest_is_where_its_registry_serves_it(ref: str, url: str) -> None:
    assert manifest_url(ref, Registries().endpoint(ref)) == url


def test_a_project_of_a_registry_stands_before_the_repository() -> None:
    endpoint = at("https://harbor.example/k8s").endpoint(PAUSE)
    assert manifest_url(PAUSE, endpoint) == "https://harbor.example/v2/k8s/pause/manifests/3.10.2"


@installed
def test_a_digest_is_read_once_with_the_inventorys_user_and_kept(private: DockerRegistry, lock: Path) -> None:
    digest = private.push_small("pause", "3.10.2")
    lines: list[str] = []
    assert pinned_images([PAUSE], at(private.url), lock=lock, say=lines.append) == {PAUSE: digest}
    assert lines == [f"1 image: digests were read from their registries and are kept in {lock}: commit it"]
    assert read_site_lock(lock).images == {PAUSE: digest}
    requests = private.log.count("\n")
    assert pinned_images([PAUSE], at(private.url), lock=lock) == {PAUSE: digest}
    assert private.log.count("\n") == requests


@installed
def test_a_moved_tag_is_told_with_both_digests(private: DockerRegistry, lock: Path) -> None:
    before = private.push_small("pause", "3.10.2")
    pinned_images([PAUSE], at(private.url), lock=lock)
    assert moved_tags([PAUSE], at(private.url), lock=lock) == []
    after = private.push_small("pause", "3.10.2", text="another")
    assert moved_tags([PAUSE], at(private.url), lock=lock) == [(PAUSE, before, after)]
    assert pinned_images([PAUSE], at(private.url), lock=lock) == {PAUSE: before}


@installed
@pytest.mark.parametrize("login", [(None, None), ("robot", "wrong")])
def test_a_refused_user_is_told(private: DockerRegistry, lock: Path, login: tuple[str, str]) -> None:
    private.push_small("pause", "3.10.2")
    with pytest.raises(ArtifactErrors) as refused:
        pinned_images([PAUSE], at(private.url, login=login), lock=lock)
    assert refused.value.problems == (
        f"image {PAUSE}: 127.0.0.1 refuses it (HTTP status 401); state a user that may pull: "
        'registries = {"registry.k8s.io": …}',
    )
    assert not lock.exists()


@installed
def test_a_ca_that_this_machine_trusts_is_trusted(
    private: DockerRegistry, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, opened = private.push_small("pause", "3.10.2"), ssl.create_default_context
    monkeypatch.delenv("SSL_CERT_FILE")
    # What the system's own store is to a context that is told of no other.
    monkeypatch.setattr(ssl, "create_default_context", lambda **said: opened(**(said or {"cafile": str(private.ca)})))
    assert pinned_images([PAUSE], at(private.url), lock=lock) == {PAUSE: digest}


@installed
def test_an_image_that_is_not_there_is_told(private: DockerRegistry, lock: Path) -> None:
    with pytest.raises(ArtifactErrors) as refused:
        pinned_images([PAUSE], at(private.url), lock=lock)
    url = f"{private.url}/v2/pause/manifests/3.10.2"
    assert refused.value.problems == (f"image {PAUSE}: 127.0.0.1 has no such image ({url}); copy it there",)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        server.put("token", b'{"token": "abc"}')
        yield server


def test_an_anonymous_token_is_fetched_where_a_registry_wants_one(upstream: Upstream, lock: Path) -> None:
    upstream.put("v2/pause/manifests/3.10.2", INDEX, wants="abc")
    assert pinned_images([PAUSE], at(upstream.url, login=(None, None)), lock=lock) == {PAUSE: DIGEST}


def test_no_password_is_sent_without_tls_to_where_a_token_is_had(upstream: Upstream, lock: Path) -> None:
    upstream.put("v2/pause/manifests/3.10.2", INDEX, wants="abc")
    lines: list[str] = []
    assert pinned_images([PAUSE], at(upstream.url), lock=lock, say=lines.append) == {}
    assert "/token" not in [path.partition("?")[0] for path, _ in upstream.requested]
    assert "without TLS" in lines[0]


def test_a_manifest_that_is_not_what_its_registry_says_is_refused(upstream: Upstream, lock: Path) -> None:
    said = f"sha256:{'1' * 64}"
    upstream.put("v2/pause/manifests/3.10.2", INDEX, headers={"Docker-Content-Digest": said})
    with pytest.raises(ArtifactErrors, match=f"has another digest than it says .{DIGEST}, it says {said}"):
        pinned_images([PAUSE], at(upstream.url, login=(None, None)), lock=lock)


def test_a_registry_that_gives_no_answer_leaves_its_images_without_digest_in_one_line(lock: Path) -> None:
    lines: list[str] = []
    other = PAUSE.replace("pause:3.10.2", "etcd:3.7.0-0")
    assert pinned_images([PAUSE, other], at("http://127.0.0.1:1"), lock=lock, say=lines.append) == {}
    assert lines == [
        "2 images: pulled by tag, and no digest is kept; from this machine, 127.0.0.1 gives no answer ([Errno 111] "
        "Connection refused)"
    ]
    assert not lock.exists()
    assert moved_tags([PAUSE], at("http://127.0.0.1:1"), lock=lock) == []


def test_locked_pins_ask_nobody_and_refuse_what_is_in_no_lock(lock: Path) -> None:
    with pytest.raises(ArtifactErrors) as refused:
        pinned_images([PAUSE, FLANNEL], Registries(), lock=lock, locked=True)
    assert [line.partition(";")[0] for line in refused.value.problems] == [
        f'image {ref}: its digest is in no lock (not in {lock}, and "pins" is "locked")' for ref in (PAUSE, FLANNEL)
    ]
