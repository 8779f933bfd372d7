"""The bundle: built (by a Go and an mmdebstrap that only pretend), proven, carried, and built again after a kill."""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from underlay.artifacts.blobs import BlobStore, sha256_of
from underlay.artifacts.build import prefill
from underlay.artifacts.build.build import build_bundle
from underlay.artifacts.build.carry import carry
from underlay.artifacts.build.chart_file import DownloadedChart, read_chart
from underlay.artifacts.build.charts import add_charts
from underlay.artifacts.build.image_recipes import IMAGE_RECIPES
from underlay.artifacts.build.recipes import go_recipes
from underlay.artifacts.build.steps import Steps
from underlay.artifacts.build.verify import verify
from underlay.artifacts.catalog import BINARIES, IMAGES, OPTIONAL
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.manifest import Manifest, load_manifest

GO = r"""#!/bin/sh
[ "$1" = env ] && { echo go1.26.8; exit 0; }
name=$(basename "$PWD"); echo "go $name" >>"$CALLS"
[ "$name" != "$BLOCK" ] || { echo blocked >>"$CALLS"; exec sleep 60; }
[ "$name" != "$BREAK" ] || { echo "main.go:1: it does not compile" >&2; exit 1; }
while [ "$1" != -o ]; do shift; done
out=$2; shift 2
for package; do
  file=$(echo "$package" | sed 's,/v[0-9]*$,,; s,.*/,,'); [ "$file" = . ] && file=$name
  echo "$package" >"$out$file"; chmod 755 "$out$file"
done
"""
MMDEBSTRAP = r"""#!/bin/sh
echo mmdebstrap >>"$CALLS"
for word; do case $word in --extract-hook=*) hook=${word#--extract-hook=} ;; esac; done
while [ "$1" != trixie ]; do shift; done
tree=$2
mkdir -p "$tree/usr/bin" "$tree/usr/sbin" "$tree/usr/share/ca-certificates/mozilla" "$tree/usr/share/man/man1" \
  "$tree/usr/lib/x86_64-linux-gnu/gconv" "$tree/var/cache/apt/archives" "$tree/etc"
ln -s usr/bin "$tree/bin"
printf '#!/bin/sh\nprintf "cp\\nip\\n"\n' >"$tree/usr/bin/busybox"; chmod 755 "$tree/usr/bin/busybox"
echo real >"$tree/usr/bin/ip"; echo dash >"$tree/usr/bin/dash"; echo manual >"$tree/usr/share/man/man1/ip.1"
echo charset >"$tree/usr/lib/x86_64-linux-gnu/gconv/IBM.so"; echo this-machine >"$tree/etc/hostname"
echo certificate >"$tree/usr/share/ca-certificates/mozilla/a.crt"
: >"$tree/var/cache/apt/archives/iproute2_1%3a6.15-1_amd64.deb"
sh -c "$hook" exec "$tree"
"""
GCC = "#!/bin/sh\necho /usr/lib/libc.a\n"


@dataclass
class Machine:
    """A machine to build on."""

    root: Path

    @property
    def bundle(self) -> Path:
        return self.root / "home" / "bundle"

    @property
    def calls(self) -> list[str]:
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def build(self, *, optional: tuple[str, ...] = ()) -> bool:
        return build_bundle(self.bundle, steps=Steps(quiet=True), arch="amd64", optional=optional)

    def manifest(self) -> Manifest:
        return load_manifest(self.bundle)

    def blob(self, name: str) -> Path:
        return BlobStore(self.bundle).path(self.manifest().binaries[name].sha256)

    def layer_files(self, image: str, layer: int) -> dict[str, tarfile.TarInfo]:
        blob = self.manifest().images[image].blobs[layer]
        with tarfile.open(BlobStore(self.bundle).path(blob.sha256)) as tar:
            return {member.name: member for member in tar}


def on_machine(root: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Give this process a machine's programs and places."""
    programs = root / "bin"
    programs.mkdir()
    for name, text in {"go": GO, "mmdebstrap": MMDEBSTRAP, "gcc": GCC}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("UNDERLAY_HOME", str(root / "home"))
    monkeypatch.setenv("CALLS", str(root / "calls"))
    return Machine(root)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return on_machine(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build, made once; tests get copies."""
    root = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert on_machine(root, monkeypatch).build()
    return root


@pytest.fixture
def built(machine: Machine, template: Path) -> Machine:
    shutil.copytree(template, machine.root, dirs_exist_ok=True)
    return machine


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
    assert set(built.manifest().images) == set(IMAGES)
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


def test_a_second_build_does_nothing_and_needs_no_tools(built: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = built.calls
    monkeypatch.setenv("PATH", "/nowhere")
    assert not built.build()
    assert built.calls == calls


def test_two_builds_give_the_same_bytes(built: Machine, tmp_path: Path) -> None:
    first = {n: i.digest for n, i in built.manifest().images.items()}
    (tmp_path / "home").rename(tmp_path / "first")
    built.build()
    assert {n: i.digest for n, i in built.manifest().images.items()} == first


def test_rebuilds_only_what_is_missing(built: Machine) -> None:
    before = built.calls
    built.blob("helm").unlink()
    assert built.build()
    assert built.calls[len(before) :] == ["go helm"]
    assert verify(built.bundle).problems == []


def test_charts_that_a_site_has_added_outlive_a_build(built: Machine, tmp_path: Path) -> None:
    add_charts(built.bundle, [write_chart(tmp_path / "plugin.tgz")])
    built.blob("helm").unlink()
    assert built.build()
    assert set(built.manifest().charts) == {"plugin@1.2.3"}
    assert verify(built.bundle).problems == []
    assert not built.build()


def test_a_chart_is_not_added_while_the_bundle_is_built(built: Machine, tmp_path: Path) -> None:
    with (tmp_path / "home" / "build" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ArtifactError, match=r"^bundle: another build is running"):
            add_charts(built.bundle, [write_chart(tmp_path / "plugin.tgz")])
    assert built.manifest().charts == {}


def write_chart(path: Path) -> DownloadedChart:
    with tarfile.open(path, "w:gz") as archive:
        about = tarfile.TarInfo("plugin/Chart.yaml")
        text = b"name: plugin\nversion: 1.2.3\n"
        about.size = len(text)
        archive.addfile(about, io.BytesIO(text))
    return read_chart(path)


def test_a_bundle_without_its_build_directory_is_still_up_to_date(built: Machine, tmp_path: Path) -> None:
    calls = built.calls
    (tmp_path / "home" / "build").rename(tmp_path / "gone")
    assert not built.build()
    assert built.calls == calls


def test_an_unreferenced_blob_is_reported_and_removed_by_the_next_build(built: Machine) -> None:
    stray = BlobStore(built.bundle).add_bytes(b"stray")
    assert verify(built.bundle).warnings == [f"blob {stray.sha256}: not referenced; `underlay bundle` removes it"]
    assert not built.build()
    assert verify(built.bundle).warnings == []


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


def test_a_failed_compilation_is_a_one_line_error_and_changes_nothing(
    built: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (built.bundle / "bundle.json").read_text()
    built.blob("helm").unlink()
    monkeypatch.setenv("BREAK", "helm")
    with pytest.raises(ArtifactError, match=r"^helm v[0-9.]+: go build failed \(main.go:1: it does not compile\); "):
        built.build()
    assert (built.bundle / "bundle.json").read_text() == before


def test_a_killed_build_is_resumed_by_the_next(machine: Machine) -> None:
    program = (
        "from underlay.artifacts.build.build import build_bundle\nfrom underlay.artifacts.build.steps import Steps\nfrom pathlib import Path\n"
        f"build_bundle(Path({str(machine.bundle)!r}), steps=Steps(quiet=True), arch='amd64')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"BLOCK": "etcd", "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    try:
        for _ in range(200):
            if "blocked" in machine.calls:
                break
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    before = machine.calls
    assert before[-1] == "blocked"
    with pytest.raises(ArtifactError, match="not found"):
        machine.manifest()
    assert machine.build()
    names = [r.name for r in go_recipes() if r.name not in OPTIONAL]
    assert machine.calls[len(before) :] == [f"go {name}" for name in names[names.index("etcd") :]]
    assert verify(machine.bundle).problems == []


def test_two_builds_at_once_are_refused(machine: Machine, tmp_path: Path) -> None:
    lock = tmp_path / "home" / "build" / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711")
        file.flush()
        with pytest.raises(
            ArtifactError, match=r"^bundle: another build is running \(process 4711, .*wait until it ends"
        ):
            machine.build()


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
