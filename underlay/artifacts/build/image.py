"""Makes an image out of layers: the two small documents that the OCI image format asks for."""

from __future__ import annotations

import json
from typing import Any

from underlay.artifacts.blobs import Blob, BlobStore

from .image_recipes import ImageRecipe
from .layer import LAYER

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def write_image(store: BlobStore, recipe: ImageRecipe, layers: list[Blob], *, arch: str) -> tuple[Blob, ...]:
    """Store config and manifest; return all blobs of the image, the manifest first, then the config."""
    config = store.add_bytes(
        _json(
            {
                "architecture": arch,
                "os": "linux",
                "config": {
                    "Env": list(recipe.env),
                    **({"Entrypoint": list(recipe.entrypoint)} if recipe.entrypoint else {}),
                    **({"Cmd": list(recipe.command)} if recipe.command else {}),
                },
                # Layers are uncompressed: the digest of a layer is also its "diff id".
                "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
                "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "underlay bundle"} for _ in layers],
            }
        )
    )
    manifest = store.add_bytes(
        _json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": _descriptor(CONFIG, config),
                "layers": [_descriptor(LAYER, layer) for layer in layers],
            }
        )
    )
    return (manifest, config, *layers)


def index_document(images: dict[str, Blob]) -> dict[str, Any]:
    """Return index.json of a layout with these images (full name -> manifest)."""
    manifests = [descriptor_of_image(ref, blob.sha256, blob.size) for ref, blob in sorted(images.items())]
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}


def descriptor_of_image(ref: str, sha256: str, size: int) -> dict[str, Any]:
    """Return how an index names an image: containerd reads the first annotation, other tools the second."""
    return {
        **_descriptor(MANIFEST, Blob(sha256, size)),
        "annotations": {
            "io.containerd.image.name": ref,
            "org.opencontainers.image.ref.name": ref.rpartition(":")[2],
        },
    }


def _descriptor(media_type: str, blob: Blob) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
