"""Reads the checksums that upstream publishes, on this machine, over TLS and all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .chart_pins import pin_chart
from .endpoints import Registries
from .error import ArtifactError
from .request import UPSTREAM, RequestLimits, opened_client, read_text
from .site_lock import SiteLock
from .upstream import Download, checksum_in

_AT_ONCE = 16
T = TypeVar("T")


def read_published(
    downloads: Iterable[Download],
    charts: Iterable[str],
    *,
    prefix: str = UPSTREAM,
    registries: Registries | None = None,
    limits: RequestLimits | None = None,
) -> tuple[SiteLock, dict[str, ArtifactError]]:
    """Return the checksums that upstream, or a mirror of it, publishes; and host/path or chart -> why there is none.

    :param charts: repository/name@version.
    :param prefix: what stands before upstream's host names; without TLS nothing is believed.
    :param registries: who has the charts of registries, where it is another one.
    """
    downloads, charts = list(downloads), list(charts)
    if not prefix.startswith(UPSTREAM):
        keys = (*(d.path for d in downloads), *charts)
        return SiteLock(), {key: _without_tls(key, prefix) for key in keys}
    with opened_client(limits) as client, ThreadPoolExecutor(_AT_ONCE) as pool:
        # One file may have the checksums of several.
        paths = sorted({d.checksums for d in downloads})
        texts = {path: pool.submit(read_text, client, prefix + path, limits=limits) for path in paths}
        pins = {key: pool.submit(_caught, pin_chart, client, prefix, key, registries) for key in charts}
        files = {d.path: _caught(_checksum, d, prefix, texts[d.checksums].result) for d in downloads}
        found = {key: pin.result() for key, pin in pins.items()}
    missing = {key: value for key, value in (files | found).items() if isinstance(value, ArtifactError)}
    return (
        SiteLock(
            files={path: value for path, value in files.items() if isinstance(value, str)},
            charts={key: value for key, value in found.items() if not isinstance(value, ArtifactError)},
        ),
        missing,
    )


def _checksum(download: Download, prefix: str, text: Callable[[], str]) -> str:
    digest = checksum_in(text(), download.filename)
    if digest is None:
        raise ArtifactError(
            prefix + download.checksums,
            f"has no sha256 of {download.filename}",
            remedy="look at it: a proxy may have answered in its place",
        )
    return digest


def _caught(act: Callable[..., T], *arguments: object) -> T | ArtifactError:
    try:
        return act(*arguments)
    except ArtifactError as error:
        return error


def _without_tls(key: str, prefix: str) -> ArtifactError:
    return ArtifactError(
        key,
        "its checksum is in no lock",
        found=f"and what {prefix} says of it is not protected by TLS",
        remedy="use https://, or run `underlay lock` where upstream can be reached and commit what it writes",
    )
