"""What a file to download has to be, and who says so: Underlay's own lock, the site's, upstream on the first run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from underlay.machines import ARCHITECTURES

from .artifact import TrustedFile
from .endpoints import Registries
from .error import ArtifactError, ArtifactErrors
from .lock import ChartPin, read_lock
from .site_lock import SiteLock, read_site_lock, record
from .upstream import Download, chart_key, download_of

PRODUCT = "Underlay's lock"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is downloaded: commands as (name, version), charts as (name, version, repository)."""

    commands: frozenset[tuple[str, str]] = frozenset()
    charts: frozenset[tuple[str, str, str]] = frozenset()

    def downloads(self, arch: str) -> list[Download]:
        """Return the files that have the commands of an architecture, each once."""
        files = [download_of(name, version, arch).file for name, version in sorted(self.commands)]
        return list(dict.fromkeys(files))


@dataclass(frozen=True, kw_only=True)
class Pins:
    """Checksums: `files` is host/path -> sha256, `charts` repository/name@version -> its file.

    `missing` is host/path -> why a checksum is not known; `trusted` are the files that are needed.
    """

    files: Mapping[str, str]
    charts: Mapping[str, ChartPin] = field(default_factory=dict)
    missing: Mapping[str, ArtifactError] = field(default_factory=dict)
    trusted: tuple[TrustedFile, ...] = ()

    def file(self, path: str) -> str:
        """Return the sha256 of a file to download.

        :raises ArtifactError: when it is not known.
        """
        if path in self.files:
            return self.files[path]
        raise self.missing.get(path) or ArtifactError(path, "no checksum is known")


def trusted(
    wanted: Wanted,
    *,
    prefix: str,
    lock: Path,
    locked: bool = False,
    registries: Registries | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Pins:
    """Return the checksum of every file, out of Underlay's lock, the site's, or upstream's checksum files.

    What is read from upstream is added to the site's lock. A cluster needs one architecture whose files are all known.

    :param prefix: what stands before upstream's host names, `https://` or the URL of a mirror.
    :param lock: path of the site's lock.
    :param locked: refuse what is in no lock, and read nothing.
    :param registries: who has the charts of registries, where it is another one.
    :param say: called with one line, if anything was read from upstream.
    :raises ArtifactErrors: for every file that is not known, and every entry of which two locks differ.
    :raises ArtifactError: when the site's lock cannot be read or written.
    """
    product, site = read_lock(), read_site_lock(lock)
    if problems := site.differences(SiteLock(files=product.upstream, charts=product.charts), path=lock, by=PRODUCT):
        raise ArtifactErrors(problems)
    files = {d.path: d for arch in ARCHITECTURES for d in wanted.downloads(arch)}
    arch_of = {d.path: arch for arch in ARCHITECTURES for d in wanted.downloads(arch)}
    charts = {chart_key(*chart) for chart in wanted.charts}
    unknown = [d for path, d in files.items() if path not in product.upstream and path not in site.files]
    absent = sorted(charts - product.charts.keys() - site.charts.keys())
    found, missing = SiteLock(), dict[str, ArtifactError]()
    if locked:
        missing = {key: _in_no_lock(key, lock) for key in (*(d.path for d in unknown), *absent)}
    elif unknown or absent:
        # importing its HTTP client takes longer than all the rest
        from .published import read_published  # noqa: PLC0415

        found, missing = read_published(unknown, absent, prefix=prefix, registries=registries)
    _refuse_without(wanted, missing, absent)
    site = record(lock, found)
    if now := len(found.files) + len(found.charts):
        say(f"{now} checksums were read from upstream and are kept in {lock}: commit it, no others are accepted later")
    pins = SiteLock(files={**product.upstream, **site.files}, charts={**product.charts, **site.charts})
    by = {
        **dict.fromkeys((*site.files, *site.charts), str(lock)),
        **dict.fromkeys((*found.files, *found.charts), f"upstream, just now; from now on {lock}"),
        **dict.fromkeys((*product.upstream, *product.charts), PRODUCT),
    }
    return Pins(
        files=pins.files,
        charts={key: pins.charts[key] for key in charts},
        missing=missing,
        trusted=(
            *(TrustedFile(path=f, sha256=pins.files[f], by=by[f], arch=arch_of[f]) for f in files if f in pins.files),
            *(TrustedFile(path=pins.charts[k].path, sha256=pins.charts[k].sha256, by=by[k]) for k in sorted(charts)),
        ),
    )


def _in_no_lock(key: str, lock: Path) -> ArtifactError:
    return ArtifactError(
        key,
        "its checksum is in no lock",
        found=f'neither in Underlay\'s nor in {lock}, and "pins" is "locked"',
        remedy=f"run `underlay lock` where upstream can be reached, look at what it adds to {lock}, and commit that",
    )


def _refuse_without(wanted: Wanted, missing: Mapping[str, ArtifactError], charts: Iterable[str]) -> None:
    """Refuse charts that are not known, and commands of which no architecture has all."""
    lacking = [[missing[d.path] for d in wanted.downloads(arch) if d.path in missing] for arch in ARCHITECTURES]
    commands = lacking[0] if all(lacking) else []
    if problems := [*commands, *(missing[key] for key in charts if key in missing)]:
        raise ArtifactErrors([str(problem) for problem in problems])
