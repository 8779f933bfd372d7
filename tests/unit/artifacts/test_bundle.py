"""The bundle: built (by a Go and an mmdebstrap that only pretend), proven, carried, and built again after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underlay.artifacts.blobs import BlobStore, sha256_of
from underlay.artifacts.build import prefill
from underlay.artifacts.build.carry import carry
from underlay.artifacts.build.image_recipes import IMAGE_RECIPES
from underlay.artifacts.build.verify import verify
from underlay.artifacts.catalog import BINARIES, IMAGES, OPTIONAL
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.manifest import load_manifest

from .build_machine import Machine


def test_a_built_bundle_is_complete_and_has_the_whole_catalog(built: Machine) -> None:
    found = verify(built.bundle)
    assert (found.problems, found.warnings) == ([], [])
    manifest = built.manifest()
    assert set(manifest.binaries) == {b.name for b in BINARIES.values() if b.bundled}
    assert set(IMAGES) == set(IMAGE_RECIPES)
    assert set(manifest.images) == {i.name for i in IMAGES.values() if i.component not in OPTIONAL}


def test_an_optional_component_is_built_on_request_and_kept(built: Machine) -> None:
    before, calls = prefill._place(built.manifest()), built.calls
    assert built.build(optional=("metallb",))
    assert built.calls[len(calls) :] == ["go metallb"]
    calls = built.calls
    assert built.build(optional=("kube-router",))
    assert built.calls[len(calls) :] == ["go kube-router"]
    assert set(built.manifest().images) == set(IMAGES)
    assert "docker.io/cloudnativelabs/kube-router:v2.1.0" in (built.bundle / "index.json").read_text()
    assert "quay.io/metallb/speaker:v0.15.2" in (built.bundle / "index.json").read_text()
    assert verify(built.bundle).problems == []
    assert not built.build()
    assert set(built.manifest().images) == set(IMAGES)
    # The lab's unpacked images are those that every cluster has.
    assert prefill._place(built.manifest()) == before


def test_binaries_are_stored_under_their_digest(built: Machine) -> None:
    blob = built.blob("kubeadm")
    assert blob.read_text() == "k8s.io/kubernetes/cmd/kubeadm\n"
    assert sha256_of(blob) == blob.name


def test_the_index_names_every_image_for_containerd(built: Machine) -> None:
    index = json.loads((built.bundle / "index.json").read_text())
    names = {m["annotations"]["io.containerd.image.name"]: m["digest"] for m in index["manifests"]}
    assert names == {i.ref: i.digest for i in built.manifest().images.values()}
    assert "registry.k8s.io/kube-proxy:v1.37.2" in names


def test_images_share_one_base_layer(built: Machine) -> None:
    images = built.manifest().images
    bases = {images[name].blobs[2] for name in ("kube-proxy", "flannel", "flannel-cni-plugin", "agnhost")}
    assert len(bases) == 1


def test_layers_are_owned_by_root_and_have_no_times(built: Machine) -> None:
    for member in built.layer_files("flannel", 3).values():
        assert (member.uid, member.gid, member.uname, member.mtime) == (0, 0, "", 0)
    assert built.layer_files("flannel", 3)["opt/bin/flanneld"].mode == 0o755


def test_the_base_is_stripped_and_has_what_maintainer_scripts_create(built: Machine) -> None:
    files = built.layer_files("kube-proxy", 2)
    assert files["usr/bin/cp"].linkname == "busybox"
    assert files["usr/bin/ip"].isfile()
    assert files["usr/bin/sh"].linkname == "dash"
    assert files["usr/sbin/iptables"].linkname == "/etc/alternatives/iptables"
    assert files["etc/alternatives/ip6tables-save"].linkname == "/usr/sbin/ip6tables-nft-save"
    assert "etc/ssl/certs/ca-certificates.crt" in files
    pruned = ("etc/hostname", "usr/share/man/man1/ip.1", "usr/lib/x86_64-linux-gnu/gconv/IBM.so")
    assert not set(pruned) & set(files)


def test_the_manifest_says_what_it_was_built_from(built: Machine) -> None:
    how = built.manifest().built
    assert how["modules"]["etcd"]["module"].startswith("go.etcd.io/etcd/server/v3@v3.")
    assert how["modules"]["etcd"]["sum"].startswith("h1:")
    assert how["modules"]["etcd"]["go"] == "go1.26.8"
    assert how["base"]["packages"] == {"iproute2": "1:6.15-1"}


def test_an_unwritable_directory_is_a_one_line_error(machine: Machine) -> None:
    machine.bundle.parent.mkdir(parents=True)
    machine.bundle.write_text("a file where the directory should be")
    with pytest.raises(ArtifactError, match=r"^bundle .*: cannot be written \(.*\); free space there, or set"):
        machine.build()


def test_a_damaged_blob_is_reported_with_its_users(built: Machine) -> None:
    blob = built.blob("kubelet")
    content = bytearray(blob.read_bytes())
    content[3] ^= 1
    blob.write_bytes(content)
    (problem,) = verify(built.bundle).problems
    assert problem.startswith(f"blob {blob.name}: damaged, its sha256 is ")
    assert problem.endswith("(binary kubelet)")


def test_truncated_and_missing_blobs_are_reported(built: Machine) -> None:
    base = built.manifest().images["flannel"].blobs[2].sha256
    path = BlobStore(built.bundle).path(base)
    path.write_bytes(path.read_bytes()[:-512])
    built.blob("helm").unlink()
    problems = sorted(verify(built.bundle).problems)
    assert len(problems) == 2
    assert any("image agnhost, image flannel, image flannel-cni-plugin, image kube-proxy" in p for p in problems)
    assert any(p.endswith("missing (binary helm)") for p in problems)


def test_an_index_that_names_other_images_is_a_problem(built: Machine) -> None:
    (built.bundle / "index.json").write_text('{"manifests": []}')
    assert verify(built.bundle).problems == ["index.json: differs from bundle.json"]


def test_a_copied_bundle_is_complete_and_only_missing_blobs_are_copied(built: Machine, tmp_path: Path) -> None:
    target = tmp_path / "usb"
    assert carry(built.bundle, target) == len(built.manifest().references())
    assert verify(target).problems == []
    (target / "blobs" / "sha256" / built.blob("ctr").name).unlink()
    assert carry(built.bundle, target) == 1
    assert load_manifest(target) == built.manifest()


def test_a_damaged_blob_is_not_copied(built: Machine, tmp_path: Path) -> None:
    built.blob("ctr").write_text("damaged")
    with pytest.raises(ArtifactError, match=r"is damaged \(binary ctr\); run `underlay bundle`"):
        carry(built.bundle, tmp_path / "usb")
    assert not (tmp_path / "usb" / "bundle.json").exists()
