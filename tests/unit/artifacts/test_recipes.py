"""Recipes and the catalog: what causes a rebuild, and that the tables are consistent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from underlay.artifacts.build.image_recipes import IMAGE_RECIPES
from underlay.artifacts.build.recipes import GoRecipe, go_recipes
from underlay.artifacts.build.toolchain import GO_SINCE
from underlay.artifacts.catalog import BINARIES, IMAGES, image_entry, pinned_version
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import architecture, bundle_directory


@pytest.fixture
def etcd() -> GoRecipe:
    return next(r for r in go_recipes() if r.name == "etcd")


def test_images_have_the_names_kubeadm_uses() -> None:
    # kubeadm config images list --kubernetes-version v1.37.2
    names = (
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kube-proxy",
        "coredns",
        "pause",
        "etcd",
    )
    assert [image_entry(n).ref(pinned_version(image_entry(n).component)) for n in names] == [
        "registry.k8s.io/kube-apiserver:v1.37.2",
        "registry.k8s.io/kube-controller-manager:v1.37.2",
        "registry.k8s.io/kube-scheduler:v1.37.2",
        "registry.k8s.io/kube-proxy:v1.37.2",
        "registry.k8s.io/coredns/coredns:v1.14.6",
        "registry.k8s.io/pause:3.10.2",
        "registry.k8s.io/etcd:3.7.0-0",
    ]


def test_every_bundled_command_and_every_image_has_a_recipe() -> None:
    built = {f"{r.name}/{command}" for r in go_recipes() for command in r.packages}
    assert {f"{b.component}/{b.name}" for b in BINARIES.values() if b.bundled} <= built
    assert {command for i in IMAGE_RECIPES.values() for command in i.files.values()} <= built
    assert set(IMAGE_RECIPES) == set(IMAGES)


def test_the_key_changes_with_everything_that_decides_the_output(etcd: GoRecipe) -> None:
    others = [
        replace(etcd, version="9.9.9"),
        replace(etcd, ldflags="-X a=b"),
        replace(etcd, cgo=True),
        replace(etcd, packages={"etcd": "elsewhere"}),
        replace(etcd, name="helm"),
    ]
    keys = {etcd.key("amd64"), etcd.key("arm64"), *(o.key("amd64") for o in others)}
    assert len(keys) == len(others) + 2
    assert etcd.key("amd64") == replace(etcd).key("amd64")


def test_the_key_changes_with_the_pinned_sums(etcd: GoRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("underlay.artifacts.build.recipes.GOMOD", tmp_path)
    (tmp_path / "etcd").mkdir()
    (tmp_path / "etcd" / "go.sum").write_text("one")
    before = etcd.key("amd64")
    (tmp_path / "etcd" / "go.sum").write_text("two")
    assert etcd.key("amd64") != before


def test_kubernetes_commands_know_their_version() -> None:
    kubernetes = next(r for r in go_recipes() if r.name == "kubernetes")
    for part in ("gitVersion=v1.37.2", "gitMajor=1 ", "gitMinor=37 "):
        assert part in kubernetes.ldflags


def test_the_state_directory_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERLAY_HOME", "/srv/underlay")
    assert bundle_directory() == Path("/srv/underlay/bundle")
    monkeypatch.delenv("UNDERLAY_HOME")
    assert bundle_directory() == Path("/var/lib/underlay/bundle")


def test_an_architecture_without_artifacts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(ArtifactError, match=r"^machine: no artifacts .* \(riscv64\); one of amd64, arm64$"):
        architecture()


def test_the_required_go_builds_every_module() -> None:
    lines = [line for r in go_recipes() for line in (r.directory / "go.mod").read_text().splitlines()]
    needed = [tuple(map(int, line.split()[1].split("."))) for line in lines if line.startswith("go ")]
    assert max(needed) == GO_SINCE
