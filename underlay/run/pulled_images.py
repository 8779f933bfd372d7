"""Images that hosts pull: from which registry, and by which digest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from underlay.artifacts.artifact import ImageArtifact
from underlay.artifacts.endpoints import Endpoint, Registries, manifest_url
from underlay.artifacts.image_pins import moved_tags, pinned_images
from underlay.artifacts.images import images_script
from underlay.inventory.spec import Spec
from underlay.plan.registries import DIRECTORY
from underlay.resources.images import Images
from underlay.resources.resource import Upload


@dataclass(frozen=True, kw_only=True)
class PulledImages:
    """`digests` has those that are known, by reference; `lock` is the path of the site's lock, which has them."""

    registries: Registries = field(default_factory=Registries)
    digests: dict[str, str] = field(default_factory=dict)
    lock: Path | None = None

    def resource(self, images: Iterable[ImageArtifact]) -> Images:
        """These images on a host, pulled or imported."""
        ready = [self._pinned(image) for image in images]
        pulled = [image for image in ready if not image.blobs]
        blobs = {b.sha256: Upload(b.path, b.sha256) for image in ready for b in image.blobs}
        return Images(
            tuple(image.ref for image in ready),
            images_script(ready, hosts_dir=DIRECTORY),
            tuple(blobs.values()),
            digests=tuple((image.ref, image.digest) for image in pulled if image.digest),
            urls=tuple((i.ref, manifest_url(i.ref, self.registries.endpoint(i.ref))) for i in pulled),
        )

    def moved(self, references: Sequence[str]) -> list[tuple[str, str, str]]:
        """Image, its locked digest and the one that its tag has now, of those that differ."""
        return moved_tags(references, self.registries, lock=self.lock) if self.lock else []

    def _pinned(self, image: ImageArtifact) -> ImageArtifact:
        if image.blobs:
            return image
        # What the inventory says of a registry is in the host's own files, its user with it.
        stated = image.ref.partition("/")[0] in self.registries.endpoints
        return replace(image, digest=self.digests.get(image.ref), registry=None if stated else image.registry)


def stated_registries(spec: Spec) -> Registries:
    """What the inventory says of who has the content of registries."""
    endpoints = {r.host: Endpoint(base=r.base, authorization=r.authorization) for r in spec.cluster.registries}
    return Registries(endpoints=endpoints)


def pulled_images(
    spec: Spec, images: Iterable[ImageArtifact], *, lock: Path, say: Callable[[str], None]
) -> PulledImages:
    """What is known of the images that hosts pull; see `pinned_images`, which may ask their registries.

    :raises ArtifactError, ArtifactErrors: when an image cannot be had, or the lock cannot be read or written.
    """
    pulled = [image for image in images if not image.blobs]
    mirror = next((image.registry for image in pulled if image.registry), None)
    registries = replace(stated_registries(spec), mirror=mirror)
    locked = spec.artifacts.get("pins") == "locked"
    refs = [image.ref for image in pulled]
    digests = pinned_images(refs, registries, lock=lock, locked=locked, say=say) if refs else {}
    return PulledImages(registries=registries, digests=digests, lock=lock)
