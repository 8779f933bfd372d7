"""Assembles images from layers: the config and manifest documents of the OCI image format."""

from __future__ import annotations

import json
from typing import Any

from underlay.artifacts.blobs import Blob, BlobStore
from underlay.artifacts.oci import CONFIG, INDEX, LAYER, MANIFEST, descriptor, image_descriptor

from .image_recipes import ImageRecipe


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
                "config": descriptor(CONFIG, config),
                "layers": [descriptor(LAYER, layer) for layer in layers],
            }
        )
    )
    return (manifest, config, *layers)


def index_document(images: dict[str, Blob]) -> dict[str, Any]:
    """Return index.json of a layout with these images (full name -> manifest)."""
    manifests = [image_descriptor(ref, blob) for ref, blob in sorted(images.items())]
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
