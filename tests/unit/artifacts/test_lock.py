"""Underlay's own lock: what it pins, and that the parts that must agree do."""

from __future__ import annotations

import json
import re
from pathlib import Path

from underlay.artifacts.build.gomod import module_sum
from underlay.artifacts.build.recipes import go_recipes
from underlay.artifacts.build.renew import renew_sums
from underlay.artifacts.catalog import BINARIES, IMAGES
from underlay.artifacts.lock import LOCK_FILE, read_lock

# Where releases are published; versions are checked against what the lock itself pins.
PUBLISHED = re.compile(
    r"dl\.k8s\.io/release/v(?P<kubernetes>1\.3[567]\.\d+)/bin/linux/(amd64|arm64)/(kubeadm|kubelet|kubectl)"
    r"|github\.com/containerd/containerd/releases/download/v(?P<containerd>[\d.]+)/containerd-[\d.]+-linux-(amd64|arm64)\.tar\.gz"
    r"|github\.com/containernetworking/plugins/releases/download/v(?P<cni>[\d.]+)/cni-plugins-linux-(amd64|arm64)-v[\d.]+\.tgz"
    r"|get\.helm\.sh/helm-v(?P<helm>[\d.]+)-linux-(amd64|arm64)\.tar\.gz"
    r"|github\.com/opencontainers/runc/releases/download/v(?P<runc>[\d.]+)/runc\.(amd64|arm64)"
)
COMPONENTS = {"containerd": "containerd", "cni": "cni-plugins", "helm": "helm", "runc": "runc"}


def test_pins_a_version_for_every_component() -> None:
    components = {e.component for e in (*BINARIES.values(), *IMAGES.values())}
    assert components == set(read_lock().versions)


def test_pins_the_sum_of_every_module_that_is_built() -> None:
    for recipe in go_recipes():
        if recipe.name != "pause":
            ((module, h1),) = module_sum(recipe).items()
            assert read_lock().go[module] == h1


def test_build_modules_pin_the_versions_of_the_lock_file() -> None:
    for recipe in go_recipes():
        if recipe.name != "pause":
            assert f"{recipe.module} v{recipe.version}" in (recipe.directory / "go.mod").read_text()


def test_checksums_are_of_files_that_are_published_in_versions_that_are_used() -> None:
    lock = read_lock()
    for path, sha256 in lock.upstream.items():
        found = PUBLISHED.fullmatch(path)
        assert found, path
        assert re.fullmatch("[0-9a-f]{64}", sha256), path
        for group, component in COMPONENTS.items():
            assert found[group] in (None, lock.versions[component]), path


def test_no_two_files_have_one_checksum() -> None:
    checksums = list(read_lock().upstream.values())
    assert len(checksums) == len(set(checksums))


def test_renewal_changes_the_sums_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    before = json.loads(LOCK_FILE.read_text())
    path.write_text(json.dumps(before | {"go": {"example.org/old@v1": "h1:x"}}))
    assert renew_sums(path) == len(before["go"])
    assert json.loads(path.read_text()) == before
