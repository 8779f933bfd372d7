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
from .request import reporting_errors, save, wrong_checksum

UPSTREAM = "https://"


def renew_upstream(
    base: str = UPSTREAM, *, report: Callable[[str], None], charts: Iterable[str] = (), path: Path = LOCK_FILE
) -> int:
    """Pin a checksum for every command and architecture, and for `charts` (repository/name@version); return how many.

    The lock file is written only if all succeed. A version of a chart is published once, so existing pins are kept.

    :param base: what stands before upstream's host names, `https://` or the URL of a mirror.
    :raises ArtifactError: when a file cannot be downloaded, or differs from upstream's checksum.
    """
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
            report(download.filename)
            pinned |= _checksums(client, base, download, names)
        found = dict(before.charts)
        for key in sorted({*charts} - {*found}):
            report(key.rpartition("/")[2])
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
        raise ArtifactError(url, f"has no sha256 of {download.filename}", remedy="the lock file is unchanged")
    found = {download.path: digest}
    if members:
        found |= _member_checksums(client, base + download.path, digest, download.path, members)
    return found


def _member_checksums(client: httpx.Client, url: str, digest: str, path: str, members: list[str]) -> dict[str, str]:
    """Hash the commands in an archive that matches upstream's checksum; hosts verify what they unpack."""
    with tempfile.TemporaryFile() as file:
        actual = save(client, url, file)
        if actual != digest:
            raise wrong_checksum(url, actual, digest)
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:gz") as archive:
                return {f"{path}#{member}": _hash(archive, member) for member in members}
        except (KeyError, tarfile.TarError) as error:
            raise ArtifactError(url, "lacks a command", found=str(error).strip("'\"")) from None


def _hash(archive: tarfile.TarFile, member: str) -> str:
    file = archive.extractfile(member)
    if file is None:
        raise KeyError(f"{member} is not a file")
    with file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _get(client: httpx.Client, url: str) -> str:
    with reporting_errors(url):
        return client.get(url).raise_for_status().text
