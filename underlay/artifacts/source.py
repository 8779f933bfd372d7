"""Opens the source of artifacts that an inventory names: upstream, a mirror, or a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .artifact import Source
from .bundle_source import BundleSource
from .download_source import DownloadSource
from .error import ArtifactError

_SETTINGS = {"upstream": None, "mirror": "url", "bundle": "path"}


def open_source(settings: Mapping[str, Any]) -> Source:
    """Return the source described by the inventory's `artifacts` variable.

    :raises ArtifactError: when a setting is unknown or missing, or the bundle cannot be read.
    """
    kind = settings.get("source")
    if kind not in _SETTINGS:
        raise ArtifactError(
            "artifacts.source",
            "unknown source",
            found=str(kind) if kind is not None else "not set",
            remedy="one of " + ", ".join(_SETTINGS),
        )
    key = _SETTINGS[kind]
    if unknown := sorted(set(settings) - {"source", key}):
        known = f"the only other setting is {key}" if key else "there are no other settings"
        raise ArtifactError("artifacts", "unknown setting", found=", ".join(unknown), remedy=f"for {kind} {known}")
    if key is None:
        return DownloadSource("https://")
    value = settings.get(key)
    if not value or not isinstance(value, str):
        raise ArtifactError(f"artifacts.{key}", "missing", remedy=f'"source": "{kind}" requires it')
    return BundleSource(Path(value)) if kind == "bundle" else _mirror(value)


def _mirror(url: str) -> DownloadSource:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ArtifactError("artifacts.url", "not a URL", found=url, remedy="such as https://mirror.example/k8s")
    return DownloadSource(url.rstrip("/") + "/", registry=f"{parts.scheme}://{parts.netloc}")
