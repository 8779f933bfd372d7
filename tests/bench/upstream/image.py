"""The image that upstream's network tests run in their pods: the bundle's agnhost, with what they call in it.

Upstream's has curl and nc from its own distribution; here they are Debian's, as the image below is.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bench.light_hosts import home
from tests.bench.measure import BenchError
from underlay.artifacts.artifact import ImageArtifact, LocalBlob
from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.build.image import write_image
from underlay.artifacts.build.image_recipes import IMAGE_RECIPES
from underlay.artifacts.build.layer import Contents, tree_contents, write_layer
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.fetch import images_script
from underlay.artifacts.home import architecture, bundle_directory
from underlay.artifacts.manifest import load_manifest
from underlay.debian.sources import debian_mirrors
from underlay.lab import recipe
from underlay.lab.image import KEYRING, install_tools, unpack

PACKAGES = ("curl", "netcat-openbsd")
SHOWN = "/var/cache/bench-image"


@dataclass(frozen=True)
class PodImage:
    """The image's blobs in a directory of this machine, to be shown to the hosts as SHOWN."""

    directory: Path
    digest: str
    blobs: tuple[LocalBlob, ...]

    def import_script(self, names: tuple[str, ...]) -> str:
        """POSIX shell by which a host's containerd has the image under each of the names."""
        images = [ImageArtifact(ref=name, digest=self.digest, blobs=self.blobs) for name in names]
        return "set -e\n" + images_script(images, SHOWN)


def pod_image() -> PodImage:
    """Make the image; what takes time is kept.

    :raises BenchError: when there is no bundle to make it of.
    """
    bundle, store = BlobStore(bundle_directory()), BlobStore(home() / "image")
    try:
        outputs = load_manifest(bundle.root).outputs
    except ArtifactError as error:
        raise BenchError(f"the image of upstream's tests cannot be made: {error}") from error
    layers = [outputs[name].blob for name in ("base", "layer/agnhost")]
    for layer in layers:
        if not store.holds(layer):
            store.add_file(bundle.path(layer.sha256))
    layers.append(write_layer(store, called(_userland())))
    manifest, *others = write_image(store, IMAGE_RECIPES["agnhost"], layers, arch=architecture())
    blobs = tuple(LocalBlob(sha256=b.sha256, size=b.size, path=store.path(b.sha256)) for b in (manifest, *others))
    return PodImage(store.root, manifest.digest, blobs)


def called(tree: Path) -> Contents:
    """The two programs of a Debian tree, with the libraries of the whole of it, for one without the others is none."""
    everything = tree_contents(tree)
    libraries = {path.relative_to(tree).as_posix() for path in tree.glob("usr/lib/*-linux-gnu*/*.so*")}
    files = {name: path for name, path in everything.files.items() if name in libraries | {"usr/bin/curl"}}
    links = {name: target for name, target in everything.links.items() if name in libraries}
    return Contents(files=files | {"usr/bin/nc": tree / "usr/bin/nc.openbsd"}, links=links)


def _userland() -> Path:
    tree = home() / f"userland-{recipe.SUITE}"
    if not tree.is_dir():
        install_tools()
        building = tree.with_suffix(".building")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        unpack(
            recipe.bootstrap(building, debian_mirrors(), KEYRING, packages=PACKAGES), what="image of upstream's tests"
        )
        building.rename(tree)
    return tree
