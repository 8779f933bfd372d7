"""Binaries, images and charts that a spec needs, resolved against the source that the inventory names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from underlay.artifacts.artifact import BinaryArtifact, ImageArtifact, Source, TrustedFile
from underlay.artifacts.catalog import binary_entry, image_and_version, image_entry
from underlay.artifacts.error import ArtifactError, ArtifactErrors
from underlay.artifacts.fetch import CACHE, chart_script, fetch_script, place_script
from underlay.artifacts.site_lock import site_lock_of
from underlay.artifacts.source import open_source
from underlay.inventory.errors import InvalidInventory
from underlay.inventory.spec import Spec
from underlay.model.addon import Chart
from underlay.plan.host_plan import node_plan
from underlay.plan.registries import DIRECTORY
from underlay.resources.binary import Binary, BinaryBuild
from underlay.resources.images import Images
from underlay.resources.release import HostChart

from .artifacts_named import NamedArtifacts, NotedArtifacts
from .pulled_images import PulledImages, pulled_images, stated_registries


class ArtifactsOf(NamedArtifacts):
    """`plan.artifacts.Artifacts` out of a source: with checksums, and shell that installs.

    `lacking` is architecture -> why its commands cannot be had.

    :raises ArtifactError: when the source does not have what is requested.
    """

    def __init__(self, source: Source, *, kubernetes_version: str) -> None:
        super().__init__(kubernetes_version=kubernetes_version)
        self._source = source
        self.architectures = source.architectures
        self.lacking: dict[str, str] = {}
        self.pulled = PulledImages()

    @property
    def trusted(self) -> tuple[TrustedFile, ...]:
        """The files that are downloaded, and who says what they have to be."""
        return self._source.trusted

    def binary(self, name: str, path: str) -> Binary:
        version = self._version(binary_entry(name).component)
        found: list[BinaryArtifact] = []
        refusals: list[ArtifactError] = []
        for arch in self._source.architectures:
            try:
                found.append(self._source.binary(name, version, arch))
            except ArtifactError as error:
                self.lacking.setdefault(arch, str(error))
                refusals.append(error)
        if not found:
            raise refusals[0]
        pushed = next((one for one in found if one.blob), None)
        install = place_script(pushed.sha256, path, "755") if pushed else fetch_script(found, path, "755")
        builds = tuple(BinaryBuild(one.arch, one.sha256, one.member, one.blob, one.url or "") for one in found)
        return Binary(path=path, version=version, builds=builds, install=install)

    def images(self, names: tuple[str, ...]) -> Images:
        return self.pulled.resource(self.found_images(names))

    def found_images(self, names: Iterable[str]) -> list[ImageArtifact]:
        """Images of the catalog, as the source has them."""
        arch = self._source.architectures[0]
        named = [image_and_version(name) for name in names]
        return [self._source.image(n, v or self._version(image_entry(n).component), arch) for n, v in named]

    def moved(self, references: Sequence[str]) -> list[tuple[str, str, str]]:
        return self.pulled.moved(references)

    def chart(self, chart: Chart) -> HostChart:
        found = self._source.chart(chart.name, chart.version, chart.repository)
        path = f"{CACHE}/charts/{chart.name}-{chart.version}.tgz"
        install = chart_script(found, path, hosts_dir=DIRECTORY)
        return HostChart(
            chart.name,
            chart.version,
            sha256=found.sha256,
            path=path,
            install=install,
            blob=found.blob,
            url=found.url or "",
        )


def artifacts_of(spec: Spec, *, lock: Path) -> ArtifactsOf:
    """What a spec needs of its source. Checksums that no lock has are read from upstream, and kept.

    :param lock: path of the site's lock.
    :raises InvalidInventory: when the source cannot serve it, or something is not what it was.
    """
    with _as_problems():
        return _opened(spec, _noted(spec), lock)


def requested_artifacts(spec: Spec, *, lock: Path) -> ArtifactsOf:
    """The same for a run that installs: with the digests of the images that hosts pull, which the lock keeps, too.

    :raises InvalidInventory: when an image cannot be had, either.
    """
    with _as_problems():
        noted = _noted(spec)
        artifacts = _opened(spec, noted, lock)
        images = artifacts.found_images(sorted(noted.image_names))
        artifacts.pulled = pulled_images(spec, images, lock=lock, say=_say)
        return artifacts


def lock_artifacts(spec: Spec, *, inventory: str) -> tuple[TrustedFile, ...]:
    """Keep what no lock has of the files and images that a spec is installed from, whatever its "pins" say.

    Checksums are read from upstream itself where a mirror has no TLS.

    :param inventory: whose lock it is.
    :raises InvalidInventory: when something cannot be read, or is not what it was.
    """
    settings = {name: value for name, value in spec.artifacts.items() if name != "pins"}
    if str(settings.get("url", "")).startswith("http://"):
        settings = {"source": "upstream"}
    return requested_artifacts(replace(spec, artifacts=settings), lock=site_lock_of(inventory)).trusted


def _noted(spec: Spec) -> NotedArtifacts:
    """What the first node needs: no host has more binaries, images and charts."""
    noted = NotedArtifacts(kubernetes_version=spec.cluster.kubernetes_version)
    node_plan(spec, spec.cluster.first, noted)
    return noted


def _opened(spec: Spec, noted: NotedArtifacts, lock: Path) -> ArtifactsOf:
    source = open_source(spec.artifacts, wanted=noted.wanted, lock=lock, registries=stated_registries(spec), say=_say)
    artifacts = ArtifactsOf(source, kubernetes_version=spec.cluster.kubernetes_version)
    node_plan(spec, spec.cluster.first, artifacts)
    return artifacts


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except ArtifactError as error:
        raise InvalidInventory([str(error)]) from error
    except ArtifactErrors as error:
        raise InvalidInventory(error.problems) from error


def _say(line: str) -> None:
    click.echo(f"underlay: {line}", err=True)
