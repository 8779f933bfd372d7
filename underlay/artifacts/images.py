"""Writes the shell that a host runs to have images in containerd: one import of what is missing, or pulls."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from .artifact import Image
from .blobs import Blob
from .oci import image_descriptor

_SHELL = Path(__file__).with_name("shell")
_CLEAN = """trap '[ -z "$u_work" ] || rm -rf "$u_work"' EXIT"""


def images_script(images: Iterable[Image], cache_dir: str = "/var/cache/underlay", *, tries: int = 4) -> str:
    """Return POSIX shell that makes these images known to containerd (namespace k8s.io) and checks that they are.

    Blobs are read from the host's cache, blobs/sha256/ below `cache_dir`. No other image is touched."""
    wanted = list(images)
    imported = [i for i in wanted if i.blobs]
    lines = [f"u_cache={quote(cache_dir)} u_tries={tries} u_pause=1 u_index= u_blobs= u_work=", _CLEAN, "u_list"]
    lines += [_call("u_want", *_import_words(i)) for i in imported]
    if imported:
        lines.append("u_import")
    lines += [_call("u_pull", i.ref, *([i.registry] if i.registry else [])) for i in wanted if not i.blobs]
    lines.append("u_list")
    lines += [_call("u_there", i.ref, i.digest or "") for i in wanted]
    library = [(_SHELL / f"{name}.sh").read_text().rstrip() for name in ("place", "images")]
    return "(\n" + "\n".join((*library, *lines)) + "\n)"


def _import_words(image: Image) -> tuple[str, ...]:
    manifest = image.blobs[0]
    entry = image_descriptor(image.ref, Blob(manifest.sha256, manifest.size))
    descriptor = json.dumps(entry, separators=(",", ":"))
    return (image.ref, f"sha256:{manifest.sha256}", descriptor, *(b.sha256 for b in image.blobs))


def _call(*words: str) -> str:
    return " ".join(quote(word) for word in words)
