"""The shell by which a host loads images, run here under sh with a fake ctr that records its calls."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from underlay.artifacts.artifact import ImageArtifact, LocalBlob
from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.build.image import write_image
from underlay.artifacts.build.image_recipes import ImageRecipe
from underlay.artifacts.build.layer import Contents, write_layer
from underlay.artifacts.fetch import images_script

# Lists what its book says; an import unpacks the stream and writes the names in its index into the book.
CTR = r"""#!/bin/sh
echo "$*" >>"$BOOK.calls"
case "$*" in
  *"images ls"*) [ -z "$DOWN" ] || exit 1; echo "REF TYPE DIGEST"; cat "$BOOK" 2>/dev/null; exit 0 ;;
  *"images import --local -") [ -z "$REFUSE" ] || { echo "ctr: no space left" >&2; exit 1; }
    n=$(ls -d "$BOOK".stream* 2>/dev/null | wc -l); mkdir "$BOOK.stream$n"; tar -xf - -C "$BOOK.stream$n"
    [ -z "$SILENT" ] || exit 0
    "$PYTHON" -c 'import json, sys
for m in json.load(open(sys.argv[1]))["manifests"]:
    print(m["annotations"]["io.containerd.image.name"], "type", m["digest"])' \
      "$BOOK.stream$n/index.json" >>"$BOOK" ;;
  *"images pull"*) cat "$6"/*/hosts.toml >>"$BOOK.hosts" 2>/dev/null
    case "$7" in
      *refused*) echo "ctr: failed to resolve: 403 Forbidden" >&2; exit 1 ;;
      *stalled*) exec sleep 30 ;;
    esac
    case "$7" in *@*) digest=${7#*@} ;; *) digest=sha256:any ;; esac
    echo "$7 type $digest" >>"$BOOK" ;;
  *"images tag --force"*) digest=$(awk -v ref="$6" '$1 == ref {print $3}' "$BOOK"); [ -n "$digest" ] || exit 1
    awk -v ref="$7" '$1 != ref' "$BOOK" >"$BOOK.new"; echo "$7 type $digest" >>"$BOOK.new"; mv "$BOOK.new" "$BOOK" ;;
esac
"""


@dataclass
class Host:
    """A host's cache and the books of its ctr."""

    root: Path
    store: BlobStore

    @property
    def book(self) -> Path:
        return self.root / "book"

    def run(
        self, *images: ImageArtifact, tries: int = 1, limit: int = 10, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        script = images_script(images, str(self.store.root), tries=tries, limit=limit)
        known = {"PATH": f"{self.root / 'bin'}:{os.environ['PATH']}", "BOOK": str(self.book), "PYTHON": "python3"}
        return subprocess.run(
            ["sh", "-s"], input=script, text=True, capture_output=True, check=False, env=known | environment
        )

    def streams(self) -> list[Path]:
        return sorted(self.root.glob("book.stream*"))

    def image(self, name: str, *layers: str) -> ImageArtifact:
        blobs = write_image(self.store, ImageRecipe(files={}), [self.layer(x) for x in layers], arch="amd64")
        here = tuple(LocalBlob(sha256=b.sha256, size=b.size, path=self.store.path(b.sha256)) for b in blobs)
        return ImageArtifact(ref=name, digest=blobs[0].digest, blobs=here)

    def layer(self, text: str):  # type: ignore[no-untyped-def]
        return write_layer(self.store, Contents(texts={f"etc/{text}": text.encode()}))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "ctr").write_text(CTR)
    (binaries / "ctr").chmod(0o755)
    return Host(tmp_path, BlobStore(tmp_path / "a cache"))


def test_imports_several_images_in_one_stream_that_holds_a_shared_layer_once(host: Host) -> None:
    one, two = host.image("example.org/one:v1", "base", "a"), host.image("example.org/two:v1", "base", "b")
    ran = host.run(one, two)
    assert (ran.returncode, ran.stderr) == (0, "")
    (stream,) = host.streams()
    names = {p.name for p in (stream / "blobs" / "sha256").iterdir()}
    assert names == {b.sha256 for image in (one, two) for b in image.blobs}
    assert len(names) == 7
    index = json.loads((stream / "index.json").read_text())
    assert [m["annotations"]["io.containerd.image.name"] for m in index["manifests"]] == [one.ref, two.ref]


def test_the_stream_is_a_whole_image_layout(host: Host) -> None:
    image = host.image("example.org/one:v1", "base", "a")
    host.run(image)
    (stream,) = host.streams()
    assert json.loads((stream / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = json.loads((stream / "index.json").read_text())["manifests"]
    manifest = json.loads((stream / "blobs" / "sha256" / entry["digest"][7:]).read_text())
    for descriptor in (entry, manifest["config"], *manifest["layers"]):
        blob = stream / "blobs" / "sha256" / descriptor["digest"][7:]
        assert blob.stat().st_size == descriptor["size"]
    with tarfile.open(stream / "blobs" / "sha256" / manifest["layers"][1]["digest"][7:]) as layer:
        assert layer.getnames() == ["etc", "etc/a"]


def test_imports_only_what_is_missing_and_nothing_a_second_time(host: Host) -> None:
    one, two = host.image("example.org/one:v1", "base"), host.image("example.org/two:v1", "base", "b")
    host.run(one)
    host.run(one, two)
    host.run(one, two)
    streams = host.streams()
    assert len(streams) == 2
    (entry,) = json.loads((streams[1] / "index.json").read_text())["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == two.ref


def test_replaces_an_image_of_the_same_name_with_another_content(host: Host) -> None:
    host.run(host.image("example.org/one:v1", "before"))
    host.run(host.image("example.org/one:v1", "after"))
    assert len(host.streams()) == 2


def test_says_which_blob_was_not_sent_before_anything_is_imported(host: Host) -> None:
    image = host.image("example.org/one:v1", "base")
    image.blobs[2].path.unlink()
    ran = host.run(image)
    assert ran.returncode == 1
    assert f"blobs/sha256/{image.blobs[2].sha256} is not on this host" in ran.stderr
    assert host.streams() == []


def test_notices_an_import_that_says_nothing_and_does_nothing(host: Host) -> None:
    image = host.image("example.org/one:v1", "base")
    ran = host.run(image, SILENT="yes")
    assert ran.returncode == 1
    assert ran.stderr == f"underlay: image {image.ref}: not in containerd with {image.digest} after it was loaded\n"


def test_gives_the_reason_of_a_failed_import(host: Host) -> None:
    ran = host.run(host.image("example.org/one:v1", "base"), REFUSE="yes")
    assert ran.returncode == 1
    assert "images: import failed: ctr: no space left" in ran.stderr


def test_says_that_containerd_does_not_answer(host: Host) -> None:
    ran = host.run(host.image("example.org/one:v1", "base"), DOWN="yes")
    assert ran.returncode == 1
    assert "containerd does not answer" in ran.stderr


def test_pulls_images_that_have_no_blobs_from_their_own_registry(host: Host) -> None:
    ran = host.run(ImageArtifact(ref="registry.example/pause:3"))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert Path(f"{host.book}.hosts").read_text() == ""


def test_pulls_from_a_mirror_in_the_place_of_the_images_registry(host: Host) -> None:
    host.run(ImageArtifact(ref="registry.example/pause:3", registry="https://mirror.example"))
    assert Path(f"{host.book}.hosts").read_text() == (
        'server = "https://mirror.example"\n[host."https://mirror.example"]\n  capabilities = ["pull", "resolve"]\n'
    )


DIGEST = f"sha256:{'1' * 64}"
PAUSE = ImageArtifact(ref="registry.example/pause:3", digest=DIGEST)


def listed(host: Host) -> dict[str, str]:
    return {line.split()[0]: line.split()[2] for line in host.book.read_text().splitlines()}


def test_pulls_by_the_digest_and_gives_the_image_its_name(host: Host) -> None:
    ran = host.run(PAUSE)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert listed(host) == {f"registry.example/pause@{DIGEST}": DIGEST, PAUSE.ref: DIGEST}
    calls = Path(f"{host.book}.calls").read_text()
    assert f"registry.example/pause@{DIGEST}\n" in calls
    host.run(PAUSE)
    assert Path(f"{host.book}.calls").read_text().count("images pull") == 1


def test_an_image_that_was_pulled_by_its_tag_is_replaced_if_it_is_another(host: Host) -> None:
    host.run(ImageArtifact(ref=PAUSE.ref))
    assert listed(host) == {PAUSE.ref: "sha256:any"}
    assert host.run(PAUSE).returncode == 0
    assert listed(host)[PAUSE.ref] == DIGEST


def test_an_image_that_was_pulled_by_its_tag_stays_if_it_is_the_same(host: Host) -> None:
    host.book.write_text(f"{PAUSE.ref} type {DIGEST}\n")
    assert host.run(PAUSE).returncode == 0
    assert listed(host) == {f"registry.example/pause@{DIGEST}": DIGEST, PAUSE.ref: DIGEST}
    assert "images pull" not in Path(f"{host.book}.calls").read_text()


def test_the_hosts_own_files_say_where_to_pull_from(host: Host, tmp_path: Path) -> None:
    own = tmp_path / "certs.d" / "registry.example"
    own.mkdir(parents=True)
    (own / "hosts.toml").write_text('server = "https://own.example"\n')
    ran = subprocess.run(
        ["sh", "-s"],
        input=images_script([PAUSE], hosts_dir=str(tmp_path / "certs.d")),
        env={"PATH": f"{host.root / 'bin'}:{os.environ['PATH']}", "BOOK": str(host.book)},
        check=True,
        text=True,
    )
    assert ran.returncode == 0
    assert Path(f"{host.book}.hosts").read_text() == 'server = "https://own.example"\n'


def test_gives_the_reason_of_a_failed_pull(host: Host) -> None:
    ran = host.run(ImageArtifact(ref="registry.example/refused:1", registry="https://mirror.example"))
    assert ran.returncode == 1
    assert ran.stderr == (
        "underlay: image registry.example/refused:1: cannot be pulled from https://mirror.example (tried 1 times): "
        "ctr: failed to resolve: 403 Forbidden\n"
    )


def test_gives_up_on_a_pull_that_does_not_end(host: Host) -> None:
    ran = host.run(ImageArtifact(ref="registry.example/stalled:1", registry="https://mirror.example"), limit=1)
    assert ran.returncode == 1
    assert ran.stderr == (
        "underlay: image registry.example/stalled:1: not pulled from https://mirror.example within 1 s; "
        "run again: what was downloaded is kept\n"
    )


def test_leaves_no_temporary_directory(host: Host) -> None:
    temporary = host.root / "tmp"
    temporary.mkdir()
    host.run(
        host.image("example.org/one:v1", "base"), ImageArtifact(ref="registry.example/pause:3"), TMPDIR=str(temporary)
    )
    host.run(ImageArtifact(ref="registry.example/refused:1"), TMPDIR=str(temporary))
    assert list(temporary.iterdir()) == []
