"""Renews the lock file: Go's module sums from the build modules, upstream's checksums from upstream."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import httpx

from underlay.artifacts.catalog import ARCHITECTURES, BINARIES, pinned_version
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.lock import LOCK_FILE, read_lock, write_lock
from underlay.artifacts.upstream import Download, checksum_in, download_of

from .chart_pins import pin_chart
from .gomod import module_sum
from .recipes import go_recipes
from .request import another, save, telling

UPSTREAM = "https://"


def renew_upstream(
    base: str = UPSTREAM, *, said: Callable[[str], None], charts: Iterable[str] = (), path: Path = LOCK_FILE
) -> int:
    """Pin a checksum for every command and architecture, and for `charts` (each as repository/name@version); return
    how many. All of them, or the lock file stays as it was. A chart's version is published once: pins there are stay.
    `base` stands before upstream's host name, as a mirror's URL does."""
    base = base if base == UPSTREAM else base.rstrip("/") + "/"
    before = read_lock(path)
    members: dict[Download, list[str]] = {}
    for entry in BINARIES.values():
        for arch in ARCHITECTURES:
            download = download_of(entry.name, pinned_version(entry.component), arch)
            one = replace(download, member=None)
            members.setdefault(one, []).extend([download.member] if download.member else [])
    pinned: dict[str, str] = {}
    with httpx.Client(follow_redirects=True, timeout=httpx.Timeout(60, connect=20)) as client:
        for download, names in members.items():
            said(download.filename)
            pinned |= _checksums(client, base, download, names)
        found = dict(before.charts)
        for key in sorted({*charts} - {*found}):
            said(key.rpartition("/")[2])
            found[key] = pin_chart(client, base, key)
    lock = replace(before, upstream=pinned, charts=found, go=_go_sums())
    write_lock(lock, path)
    return len(pinned) + len(found)


def _go_sums() -> dict[str, str]:
    sums: dict[str, str] = {}
    for recipe in go_recipes():
        sums |= module_sum(recipe)
    return sums


def _checksums(client: httpx.Client, base: str, download: Download, members: list[str]) -> dict[str, str]:
    url = base + download.checksums
    digest = checksum_in(_get(client, url), download.filename)
    if digest is None:
        raise ArtifactError(url, f"holds no sha256 of {download.filename}", remedy="the lock file is as it was")
    found = {download.path: digest}
    if members:
        found |= _member_checksums(client, base + download.path, digest, download.path, members)
    return found


def _member_checksums(client: httpx.Client, url: str, digest: str, path: str, members: list[str]) -> dict[str, str]:
    """Hash the commands inside an archive whose own checksum is upstream's: hosts compare what they unpacked."""
    with tempfile.TemporaryFile() as file:
        seen = save(client, url, file)
        if seen != digest:
            raise another(url, seen, digest)
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:gz") as archive:
                return {f"{path}#{member}": _hash(archive, member) for member in members}
        except (KeyError, tarfile.TarError) as error:
            raise ArtifactError(url, "does not hold what it should", found=str(error).strip("'\"")) from None


def _hash(archive: tarfile.TarFile, member: str) -> str:
    file = archive.extractfile(member)
    if file is None:
        raise KeyError(f"{member} is no file")
    with file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _get(client: httpx.Client, url: str) -> str:
    with telling(url):
        return client.get(url).raise_for_status().text
