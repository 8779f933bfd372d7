"""Opens the source of artifacts that an inventory names: upstream, a mirror, or a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .artifact import Source
from .bundle_source import BundleSource
from .download_source import DownloadSource
from .endpoints import Registries
from .error import ArtifactError
from .trust import Wanted, trusted

UPSTREAM = "https://"
LOCKED = "locked"
_SETTINGS = {"upstream": ("pins",), "mirror": ("url", "pins"), "bundle": ("path",)}
_REQUIRED = {"mirror": "url", "bundle": "path"}


def open_source(
    settings: Mapping[str, Any],
    *,
    wanted: Wanted | None = None,
    lock: Path,
    registries: Registries | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Source:
    """Return the source described by the inventory's `artifacts` variable.

    :param wanted: what will be requested of it.
    :param registries: who has what registries have, where it is another one.
    :param lock: path of the site's lock; see `trust.trusted`, for `say` too.
    :raises ArtifactError: when a setting is unknown or missing, or the bundle cannot be read.
    :raises ArtifactErrors: for every file whose checksum is not known, or has changed.
    """
    kind = settings.get("source")
    if kind not in _SETTINGS:
        raise ArtifactError(
            "artifacts.source",
            "unknown source",
            found=str(kind) if kind is not None else "not set",
            remedy="one of " + ", ".join(_SETTINGS),
        )
    if unknown := sorted(set(settings) - {"source", *_SETTINGS[kind]}):
        raise ArtifactError(
            "artifacts", "unknown setting", found=", ".join(unknown), remedy=f"{kind} has {', '.join(_SETTINGS[kind])}"
        )
    key = _REQUIRED.get(kind, "")
    value = settings.get(key)
    if key and (not value or not isinstance(value, str)):
        raise ArtifactError(f"artifacts.{key}", "missing", remedy=f'"source": "{kind}" requires it')
    if kind == "bundle":
        return BundleSource(Path(str(value)))
    prefix, registry = (UPSTREAM, None) if kind == "upstream" else _mirror(str(value))
    locked = settings.get("pins") == LOCKED
    pins = trusted(wanted or Wanted(), prefix=prefix, lock=lock, locked=locked, registries=registries, say=say)
    return DownloadSource(prefix, pins, registry, endpoints=registries.endpoints if registries else {})


def _mirror(url: str) -> tuple[str, str]:
    """Return what stands before upstream's host names, and the URL of the mirror's registry."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ArtifactError("artifacts.url", "not a URL", found=url, remedy="such as https://mirror.example/k8s")
    return url.rstrip("/") + "/", f"{parts.scheme}://{parts.netloc}"
