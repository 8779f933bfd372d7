"""Images that a runtime has, with a program that stands in for ctr."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.answer import Unknown
from underlay.resources.binary import BLOBS
from underlay.resources.images import Images
from underlay.resources.resource import Upload

CHECK = "timeout 30 ctr -n k8s.io images check -q"
ONE, TWO = "registry.example/one:1", "registry.example/two:2"
BLOB_1, BLOB_2 = Upload(Path("b1"), "1" * 64), Upload(Path("b2"), "2" * 64)


@pytest.fixture
def images(shell: Shell, tmp_path: Path) -> Images:
    """A containerd that knows the images in the file `known`; importing writes both names there."""
    shell.places = {BLOBS: str(tmp_path / "blobs")}
    (tmp_path / "blobs").mkdir()
    (tmp_path / "known").write_text("registry.example/other:1\nregistry.example/one:12\n")
    shell.program_is("ctr", f'[ "$*" = "-n k8s.io images ls -q" ] && cat {tmp_path}/known')
    return Images((ONE, TWO), f"printf '{ONE}\\n{TWO}\\n' >>{tmp_path}/known", (BLOB_1, BLOB_2))


def test_finds_which_images_and_blobs_are_missing(shell: Shell, images: Images, tmp_path: Path) -> None:
    (tmp_path / "blobs" / BLOB_1.sha256).touch()
    assert shell.observe(images) == [f"missing: {ONE} {TWO}; uncached: {BLOB_2.sha256}"]
    assert images.sentence(shell.observe(images)[0]) == f"images: import {ONE} {TWO}"


def test_an_image_by_digest_has_the_name_of_its_digest_too(shell: Shell, images: Images, tmp_path: Path) -> None:
    digest = f"sha256:{'a' * 64}"
    pinned = replace(images, digests=((ONE, digest),), urls=((ONE, "https://one"), (TWO, "https://two")), blobs=())
    known = tmp_path / "known"
    for there, missing in (
        ([ONE, TWO], [ONE]),
        ([f"registry.example/one@{digest}", TWO], [ONE]),
        ([ONE, f"registry.example/one@{digest}"], [TWO]),
        ([ONE, f"registry.example/one@{digest}", TWO], []),
    ):
        known.write_text("\n".join(there) + "\n")
        (observed,) = shell.observe(pinned)
        assert pinned.difference(observed) == (f"pull {' '.join(missing)}" if missing else None)
        assert list(pinned.downloads(observed)) == [f"https://{m.split('/')[1].split(':')[0]}" for m in missing]
    complete = {CHECK: Result(0, f"{ONE}\n{TWO}\n")}
    assert pinned.check(SayingHost(complete)) == (
        f"containerd: missing or incomplete images registry.example/one@{digest}"
    )


def test_imports_and_then_nothing_is_missing(shell: Shell, images: Images) -> None:
    for _ in range(2):
        assert shell.apply(images).unmet == ()
    assert shell.observe(images) == ["missing:; uncached:"]


def test_a_runtime_that_runs_and_does_not_answer_leaves_images_unknown(shell: Shell, images: Images) -> None:
    shell.program_is("ctr", "echo 'ctr: context deadline exceeded' >&2; exit 1")
    shell.program_is("systemctl", "[ \"$*\" = 'is-active -q containerd' ]")
    assert shell.ask(images) == [Unknown("ctr: ctr: context deadline exceeded")]


def test_without_a_runtime_every_image_is_missing(shell: Shell, images: Images) -> None:
    shell.program_is("ctr", "echo cannot connect >&2; exit 1")
    shell.program_is("systemctl", "exit 3")
    assert images.difference(shell.observe(images)[0]) == f"import {ONE} {TWO}"


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        ("missing:; uncached:", None),
        (f"missing: {TWO}; uncached:", f"import {TWO}"),
        ("", "unknown -> present"),
        ("garbage", "unknown -> present"),
    ],
)
def test_reports_which_images_differ(images: Images, observed: str, difference: str | None) -> None:
    assert images.difference(observed) == difference


@pytest.mark.parametrize(
    ("observed", "blobs"),
    [
        (f"missing: {TWO}; uncached: {BLOB_2.sha256}", [BLOB_2]),
        (f"missing: {TWO}; uncached:", []),
        ("", [BLOB_1, BLOB_2]),
    ],
)
def test_sends_the_blobs_the_host_lacks(images: Images, observed: str, blobs: list[Upload]) -> None:
    assert images.uploads(observed) == blobs


def test_an_image_with_missing_blobs_fails_the_check(images: Images) -> None:
    complete = {CHECK: Result(0, f"{ONE}\nother\n")}
    assert images.check(SayingHost(complete)) == f"containerd: missing or incomplete images {TWO}"
    complete = {CHECK: Result(0, f"{ONE}\n{TWO}\n")}
    assert images.check(SayingHost(complete)) is None


def test_a_runtime_that_does_not_answer_is_not_one_without_images(images: Images) -> None:
    # ctr of containerd 2.3 without its socket.
    said = 'ctr: failed to dial "/run/containerd/containerd.sock": context deadline exceeded'
    down = {CHECK: Result(1, "", f"{said}\n")}
    assert images.check(SayingHost(down)) == f"containerd: could not be asked ({said})"
    hung = {CHECK: Result(124)}
    assert images.check(SayingHost(hung)) == "containerd: could not be asked (exit status 124)"
    # Its exit status is that of the incomplete image.
    assert images.check(SayingHost({CHECK: Result(1, f"{ONE}\n")})) == f"containerd: missing or incomplete images {TWO}"
