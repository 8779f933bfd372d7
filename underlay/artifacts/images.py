"""Renders the shell by which a host loads images into containerd: missing ones are imported at once, or pulled."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from .artifact import ImageArtifact
from .blobs import Blob
from .oci import image_descriptor

_SHELL = Path(__file__).with_name("shell")
_CLEAN = """trap '[ -z "$u_work" ] || rm -rf "$u_work"' EXIT"""


# Seconds for one image: 1 GiB at 10 Mbit/s.
PULL_S = 900


def images_script(
    images: Iterable[ImageArtifact],
    cache_dir: str = "/var/cache/underlay",
    *,
    hosts_dir: str = "",
    tries: int = 4,
    limit: int = PULL_S,
) -> str:
    """Return POSIX shell that loads these images into containerd (namespace k8s.io) and verifies that they are there.

    Blobs are read from the host's cache, blobs/sha256/ below `cache_dir`. Pulls go where the hosts.toml files below
    `hosts_dir` on the host say, and end after `limit` seconds. Other images are not changed.
    """
    required = list(images)
    imported = [i for i in required if i.blobs]
    settings = f"u_cache={quote(cache_dir)} u_hosts={quote(hosts_dir)} u_tries={tries} u_pause=1 u_limit={limit}"
    lines = [f"{settings} u_index= u_blobs= u_work=", _CLEAN, "u_list"]
    lines += [_call("u_require", *_import_words(i)) for i in imported]
    if imported:
        lines.append("u_import")
    pulled = [i for i in required if not i.blobs]
    lines += [_call("u_pull", i.ref, i.digest or "", *([i.registry] if i.registry else [])) for i in pulled]
    lines.append("u_list")
    lines += [_call("u_verify", i.ref, i.digest or "") for i in required]
    library = [(_SHELL / f"{name}.sh").read_text(encoding="utf-8").rstrip() for name in ("place", "images")]
    return "(\n" + "\n".join((*library, *lines)) + "\n)"


def _import_words(image: ImageArtifact) -> tuple[str, ...]:
    manifest = image.blobs[0]
    entry = image_descriptor(image.ref, Blob(manifest.sha256, manifest.size))
    descriptor = json.dumps(entry, separators=(",", ":"))
    return (image.ref, f"sha256:{manifest.sha256}", descriptor, *(b.sha256 for b in image.blobs))


def _call(*words: str) -> str:
    return " ".join(quote(word) for word in words)
