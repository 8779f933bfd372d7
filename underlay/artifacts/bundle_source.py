"""Supplies artifacts from a bundle on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from .artifact import BinaryArtifact, ChartArtifact, ImageArtifact, LocalBlob, TrustedFile
from .blobs import BlobStore, sha256_of
from .buildable import buildable_versions
from .catalog import OPTIONAL, binary_entry, image_entry
from .error import ArtifactError
from .home import bundle_directory, home
from .manifest import Manifest, load_manifest


class BundleSource:
    """A bundle on this machine, whose files are pushed to the hosts.

    :raises ArtifactError: when there is no bundle in the directory.
    """

    trusted: tuple[TrustedFile, ...] = ()

    def __init__(self, bundle: Path) -> None:
        self._bundle = bundle
        self._store = BlobStore(bundle)
        self.manifest: Manifest = load_manifest(bundle)

    @property
    def architectures(self) -> tuple[str, ...]:
        """The one that the bundle was built for."""
        return (self.manifest.arch,)

    def binary(self, name: str, version: str, arch: str = "amd64") -> BinaryArtifact:
        """Return a command, as a blob to copy."""
        entry = binary_entry(name)
        found = self.manifest.binaries.get(name)
        what = f"{name} v{version.removeprefix('v')}"
        self._check(what, found.version if found else None, version, arch, component=entry.component)
        assert found is not None
        path = self._store.path(found.sha256)
        self._present(path, name)
        return BinaryArtifact(
            name=name, version=found.version, arch=arch, sha256=found.sha256, size=found.size, blob=path
        )

    def image(self, name: str, version: str, arch: str = "amd64") -> ImageArtifact:
        """Return an image, as blobs to import."""
        entry = image_entry(name)
        found = self.manifest.images.get(name)
        what = f"image {entry.ref(version.removeprefix('v'))}"
        self._check(what, found.version if found else None, version, arch, component=entry.component)
        assert found is not None
        blobs = tuple(LocalBlob(sha256=b.sha256, size=b.size, path=self._store.path(b.sha256)) for b in found.blobs)
        for blob in blobs:
            self._present(blob.path, f"image {name}")
        return ImageArtifact(ref=found.ref, digest=found.digest, blobs=blobs)

    def chart(self, name: str, version: str, repository: str) -> ChartArtifact:
        """Return a chart, as a blob to copy; the repository it was downloaded from does not matter."""
        held = self.manifest.charts.get(f"{name}@{version}")
        if held is None:
            others = ", ".join(c.version for c in self.manifest.charts.values() if c.name == name)
            raise ArtifactError(
                f"bundle {self._bundle}",
                f"has no chart {name} {version}",
                found=f"it has {others}" if others else "",
                remedy=f"download it from {repository} and add it: `underlay bundle --chart {name}-{version}.tgz`",
            )
        path = self._store.path(held.sha256)
        if not path.is_file():
            raise ArtifactError(
                f"bundle {self._bundle}",
                f"chart {name} {version} is missing",
                found=path.name,
                remedy=f"add it again: `underlay bundle --chart {name}-{version}.tgz`",
            )
        return ChartArtifact(name=name, version=version, sha256=held.sha256, blob=path)

    def _check(self, what: str, held: str | None, version: str, arch: str, *, component: str) -> None:
        if held is None:
            more = f" --with {component}" if component in OPTIONAL else ""
            raise ArtifactError(f"bundle {self._bundle}", f"has no {what}", remedy=f"run `underlay bundle{more}`")
        if held != version.removeprefix("v"):
            other = version.removeprefix("v")
            remedy = f"request v{held}"
            if component == "kubernetes" and other in buildable_versions():
                remedy += f", or run `underlay bundle --kubernetes v{other}` and name the directory it prints"
            raise ArtifactError(f"bundle {self._bundle}", f"has no {what}", found=f"it has v{held}", remedy=remedy)
        if arch != self.manifest.arch:
            raise ArtifactError(
                f"bundle {self._bundle}",
                f"is not for linux/{arch}",
                found=f"it is for linux/{self.manifest.arch}",
                remedy=f"build one on a linux/{arch} machine",
            )

    def _present(self, path: Path, what: str) -> None:
        if not path.is_file():
            raise ArtifactError(
                f"bundle {self._bundle}", f"{what} is missing", found=path.name, remedy="run `underlay bundle`"
            )


def bundled_program(name: str, bundle: Path | None = None) -> Path:
    """Return an executable file of a command in the bundle (by default this machine's own).

    :raises ArtifactError: when the bundle does not have it, or its blob is damaged.
    """
    store = bundle or bundle_directory()
    found = BundleSource(store).manifest.binaries.get(binary_entry(name).name)
    if found is None:
        raise ArtifactError(f"bundle {store}", f"has no {name}", remedy="run `underlay bundle`")
    program = home() / "bin" / found.sha256[:16] / name
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        partial = program.with_name(f".{name}.tmp")
        shutil.copyfile(BlobStore(store).path(found.sha256), partial)
        if sha256_of(partial) != found.sha256:
            raise ArtifactError(f"bundle {store}", f"{name} is damaged", remedy="run `underlay bundle --verify`")
        partial.chmod(0o755)
        partial.replace(program)
    return program
