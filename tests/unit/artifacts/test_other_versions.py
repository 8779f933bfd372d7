"""A bundle for another version of Kubernetes, beside the one for the pinned version."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.build.gomod import module_sum
from underlay.artifacts.build.recipes import go_recipes
from underlay.artifacts.build.verify import verify
from underlay.artifacts.buildable import buildable_versions
from underlay.artifacts.bundle_source import BundleSource
from underlay.artifacts.catalog import COMPANIONS, pinned_version
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.lock import read_lock
from underlay.artifacts.manifest import load_manifest
from underlay.cli.bundle import bundle_command

from .build_machine import Machine

OTHER = "1.36.3"
# What kubeadm 1.36.3 deploys beside Kubernetes: its constants.go.
BESIDE = {"etcd": "registry.k8s.io/etcd:3.6.8-0", "coredns": "registry.k8s.io/coredns/coredns:v1.14.2"}


def test_only_what_differs_is_compiled_and_the_rest_copied(built: Machine) -> None:
    before, calls = built.manifest(), built.calls
    assert built.build(kubernetes=OTHER)
    assert {*built.calls[len(calls) :]} == {"go kubernetes", "go coredns", "go etcd"}
    other = load_manifest(bundle_directory(OTHER))
    assert {name: other.images[name].ref for name in BESIDE} == BESIDE
    assert other.images["kube-proxy"].ref == f"registry.k8s.io/kube-proxy:v{OTHER}"
    assert other.binaries["kubelet"].version == OTHER
    assert other.binaries["containerd"] == before.binaries["containerd"]
    assert other.built["modules"]["etcd"]["module"] == "go.etcd.io/etcd/server/v3@v3.6.8"
    assert other.built["base"] == before.built["base"]
    assert verify(bundle_directory(OTHER)).problems == []


def test_neither_bundle_is_built_again_for_the_other(built: Machine) -> None:
    before = built.manifest()
    built.build(kubernetes=OTHER)
    calls = built.calls
    assert not built.build()
    assert not built.build(kubernetes=OTHER)
    assert (built.calls, built.manifest()) == (calls, before)


def test_without_the_other_bundle_all_is_built(machine: Machine) -> None:
    assert machine.build(kubernetes=OTHER)
    assert "go containerd" in machine.calls
    assert not machine.bundle.exists()


def test_what_is_damaged_is_not_copied(built: Machine) -> None:
    built.blob("helm").write_bytes(b"?" * built.blob("helm").stat().st_size)
    with pytest.raises(ArtifactError, match=r"is damaged \(helm/helm\); run `underlay bundle`"):
        built.build(kubernetes=OTHER)
    assert BlobStore(bundle_directory(OTHER)).names() & {built.blob("helm").name} == set()


def test_a_cluster_of_another_version_is_refused_with_the_command_that_builds_it(built: Machine) -> None:
    source = BundleSource(built.bundle)
    with pytest.raises(ArtifactError) as refused:
        source.binary("kubeadm", f"v{OTHER}")
    assert str(refused.value) == (
        f"bundle {built.bundle}: has no kubeadm v{OTHER} (it has v{pinned_version('kubernetes')}); request "
        f"v{pinned_version('kubernetes')}, or run `underlay bundle --kubernetes v{OTHER}` and name the directory it prints"
    )
    with pytest.raises(ArtifactError, match=rf"; request v{pinned_version('kubernetes')}$"):
        source.binary("kubeadm", "v1.36.99")


def test_every_buildable_version_has_its_pinned_modules() -> None:
    assert buildable_versions()[0] == pinned_version("kubernetes")
    assert OTHER in buildable_versions()
    for version in buildable_versions():
        for recipe in go_recipes(version):
            if recipe.name != "pause":
                ((module, h1),) = module_sum(recipe).items()
                assert read_lock().go[module] == h1
                assert f"{recipe.module} v{recipe.version}\n" in (recipe.directory / "go.mod").read_text()
    (etcd,) = [recipe for recipe in go_recipes(OTHER) if recipe.name == "etcd"]
    assert etcd.version == COMPANIONS["1.36"]["etcd"]


def test_a_version_that_cannot_be_built_is_refused_with_those_that_can(tmp_path: Path) -> None:
    ran = CliRunner().invoke(bundle_command, ["--kubernetes", "v1.36.99"])
    assert ran.exit_code == 2
    choices = ", ".join(f"v{version}" for version in buildable_versions())
    assert f"no bundle can be built for v1.36.99; one of {choices}" in ran.output


def test_the_lab_unpacks_one_bundle_only() -> None:
    ran = CliRunner().invoke(bundle_command, ["--kubernetes", OTHER, "--prefill"])
    assert ran.exit_code == 2
    assert "--prefill unpacks the bundle of the default version only" in ran.output
