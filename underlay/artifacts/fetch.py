"""Writes the shell that a host runs to get one command or chart, verified, into place: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shlex import quote

from .artifact import Binary, Chart
from .error import ArtifactError
from .images import images_script

__all__ = ["CACHE", "Patience", "chart_script", "fetch_script", "images_script", "place_script"]

CACHE = "/var/cache/underlay"
_SHELL = Path(__file__).with_name("shell")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a download is tried: the pause doubles after each try; below `slow` bytes a second for `stall`
    seconds a connection is given up."""

    tries: int = 5
    pause: int = 1
    slow: int = 1024
    stall: int = 30


def fetch_script(
    binary: Binary, dest: str, mode: str = "755", cache_dir: str = CACHE, *, patience: Patience | None = None
) -> str:
    """Return POSIX shell that downloads a command to `dest`, resuming what an earlier run left.

    It ends with status 1 and one line on stderr that names the URL if it cannot; `dest` is then as it was."""
    if binary.url is None:
        raise ArtifactError(f"binary {binary.name}", "has no URL", remedy="it is placed from a blob")
    if binary.archive:
        archive = binary.archive
        words: tuple[str, ...] = (
            "u_fetch_member",
            binary.url,
            archive.sha256,
            archive.member,
            binary.sha256,
            dest,
            mode,
        )
    else:
        words = ("u_fetch", binary.url, binary.sha256, dest, mode)
    return _fetching(words, cache_dir, patience)


def chart_script(chart: Chart, dest: str, cache_dir: str = CACHE, *, patience: Patience | None = None) -> str:
    """Return POSIX shell that leaves a chart at `dest`, verified: downloaded, or copied from the host's cache."""
    if chart.url is None:
        return place_script(chart.sha256, dest, "644", cache_dir)
    return _fetching(("u_fetch", chart.url, chart.sha256, dest, "644"), cache_dir, patience)


def place_script(sha256: str, dest: str, mode: str = "755", cache_dir: str = CACHE) -> str:
    """Return POSIX shell that copies a blob of the host's cache to `dest`, verified on the way."""
    words = ("u_place", f"{cache_dir}/blobs/sha256/{sha256}", sha256, dest, mode)
    return _subshell(shell_library("place"), " ".join(map(quote, words)))


@cache
def shell_library(name: str) -> str:
    """Return the text of a file of shell functions."""
    return (_SHELL / f"{name}.sh").read_text().rstrip()


def _fetching(words: tuple[str, ...], cache_dir: str, patience: Patience | None) -> str:
    p = patience or Patience()
    settings = f"u_tries={p.tries} u_pause={p.pause} u_slow={p.slow} u_stall={p.stall} u_cache={quote(cache_dir)}"
    return _subshell(shell_library("place"), shell_library("fetch"), settings, " ".join(map(quote, words)))


def _subshell(*parts: str) -> str:
    return "(\n" + "\n".join(parts) + "\n)"
