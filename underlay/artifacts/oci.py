"""How the OCI image formats name things: the media types, and the entry an index has for an image.

Source: https://github.com/opencontainers/image-spec (descriptor.md, image-index.md, annotations.md).
"""

from __future__ import annotations

from typing import Any

from .blobs import Blob

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def descriptor(media_type: str, blob: Blob) -> dict[str, Any]:
    """Return how a document refers to a blob."""
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def image_descriptor(ref: str, manifest: Blob) -> dict[str, Any]:
    """Return how an index refers to an image: containerd reads the first annotation, other tools the second."""
    return {
        **descriptor(MANIFEST, manifest),
        "annotations": {
            "io.containerd.image.name": ref,
            "org.opencontainers.image.ref.name": ref.rpartition(":")[2],
        },
    }
