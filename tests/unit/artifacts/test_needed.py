"""A bundle for certain clusters only, and what becomes of it when others are requested."""

from __future__ import annotations

import pytest

from underlay.artifacts.build.image_recipes import IMAGE_RECIPES, recipes_of
from underlay.artifacts.build.prefill import prefilled
from underlay.artifacts.build.recipes import go_recipes, required_recipes
from underlay.artifacts.build.verify import verify
from underlay.artifacts.bundle_source import BundleSource
from underlay.artifacts.catalog import BINARIES, pinned_version
from underlay.artifacts.error import ArtifactError

from .build_machine import Machine

NEEDED = {"kubernetes", "containerd"}


def test_builds_only_what_is_needed(machine: Machine) -> None:
    assert machine.build(needed=NEEDED)
    assert sorted(machine.calls) == ["go containerd", "go kubernetes", "mmdebstrap"]
    manifest = machine.manifest()
    control_plane = {"kube-apiserver", "kube-controller-manager", "kube-scheduler"}
    assert set(manifest.images) == {*control_plane, "kube-proxy", "agnhost"}
    assert {BINARIES[name].component for name in manifest.binaries} == NEEDED
    assert verify(machine.bundle).problems == []
    assert not machine.build(needed=NEEDED)


def test_what_is_not_in_the_bundle_is_named_with_the_command_that_builds_it(machine: Machine) -> None:
    machine.build(needed=NEEDED)
    source = BundleSource(machine.bundle)
    with pytest.raises(ArtifactError, match=r"has no helm v[0-9.]+; run `underlay bundle`$"):
        source.binary("helm", pinned_version("helm"))
    with pytest.raises(ArtifactError, match=r"has no image ghcr.io/flannel-io/flannel:.*; run `underlay bundle`$"):
        source.image("flannel", pinned_version("flannel"))
    assert prefilled(machine.bundle) is None


def test_a_wider_request_adds_what_is_missing(machine: Machine) -> None:
    machine.build(needed=NEEDED)
    calls = machine.calls
    assert machine.build()
    assert {*machine.calls[len(calls) :]} == {f"go {name}" for name in required_recipes() - NEEDED}


def test_a_narrower_request_keeps_what_there_is(built: Machine) -> None:
    before = built.manifest()
    assert not built.build(needed=NEEDED)
    built.blob("ctr").unlink()
    built.blob("helm").unlink()
    calls = built.calls
    assert built.build(needed=NEEDED)
    assert {*built.calls[len(calls) :]} == {"go containerd", "go helm"}
    assert built.manifest() == before


def test_every_recipe_makes_something_that_can_be_needed() -> None:
    assert recipes_of(binaries=BINARIES, images=IMAGE_RECIPES) == {r.name for r in go_recipes()}
    assert recipes_of(binaries=["runc", "of a later version"], images=["of a later version"]) == frozenset()
