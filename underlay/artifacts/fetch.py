"""Renders the shell by which a host installs one command or chart: verified, then moved into place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shlex import quote

from underlay.machines import MACHINES

from .artifact import BinaryArtifact, ChartArtifact
from .error import ArtifactError
from .images import images_script

__all__ = ["CACHE", "DownloadLimits", "chart_script", "fetch_script", "images_script", "place_script"]

CACHE = "/var/cache/underlay"
_SHELL = Path(__file__).with_name("shell")


@dataclass(frozen=True, kw_only=True)
class DownloadLimits:
    """How often a download is tried, and when a connection is given up.

    `pause` (seconds) doubles after each try; a connection is slower than `slow` bytes a second for at most `stall`
    seconds.
    """

    tries: int = 5
    pause: int = 1
    slow: int = 1024
    stall: int = 30


def fetch_script(
    builds: Iterable[BinaryArtifact],
    dest: str,
    mode: str = "755",
    cache_dir: str = CACHE,
    *,
    limits: DownloadLimits | None = None,
) -> str:
    """Return POSIX shell that downloads a command to `dest`, resuming a partial download of an earlier run.

    On failure it exits with status 1 and one line on stderr that names the URL; `dest` is unchanged.

    :param builds: the command for one architecture each; the host takes the one for its own.
    """
    cases = [f"{MACHINES[b.arch]}) {' '.join(map(quote, _fetch_words(b, dest, mode)))} ;;" for b in builds]
    other = f"""*) u_fail {quote(dest)}": nothing is published for $(uname -m)" ;;"""
    return _fetching("\n".join(["case $(uname -m) in", *cases, other, "esac"]), cache_dir, limits)


def _fetch_words(binary: BinaryArtifact, dest: str, mode: str) -> tuple[str, ...]:
    if binary.url is None:
        raise ArtifactError(f"binary {binary.name}", "has no URL", remedy="install it from its blob")
    if binary.member:
        return ("u_fetch_member", binary.url, binary.sha256, binary.member, dest, mode)
    return ("u_fetch", binary.url, binary.sha256, dest, mode)


def chart_script(
    chart: ChartArtifact,
    dest: str,
    cache_dir: str = CACHE,
    *,
    hosts_dir: str = "",
    limits: DownloadLimits | None = None,
) -> str:
    """Return POSIX shell that installs a verified chart at `dest`: downloaded, or copied from the host's cache.

    :param hosts_dir: where the host's containerd has what it needs to know of registries, their users among it.
    """
    if chart.url is None:
        return place_script(chart.sha256, dest, "644", cache_dir)
    words = ("u_fetch", chart.url, chart.sha256, dest, "644")
    user = f"u_user={quote(f'{hosts_dir}/{chart.registry}/hosts.toml')}\n" if chart.registry else ""
    return _fetching(user + " ".join(map(quote, words)), cache_dir, limits)


def place_script(sha256: str, dest: str, mode: str = "755", cache_dir: str = CACHE) -> str:
    """Return POSIX shell that copies a blob of the host's cache to `dest` and verifies it."""
    words = ("u_place", f"{cache_dir}/blobs/sha256/{sha256}", sha256, dest, mode)
    return _subshell(shell_library("place"), " ".join(map(quote, words)))


@cache
def shell_library(name: str) -> str:
    """Return the text of a file of shell functions, by its name without .sh."""
    return (_SHELL / f"{name}.sh").read_text(encoding="utf-8").rstrip()


def _fetching(call: str, cache_dir: str, limits: DownloadLimits | None) -> str:
    at = limits or DownloadLimits()
    settings = f"u_tries={at.tries} u_pause={at.pause} u_slow={at.slow} u_stall={at.stall} u_cache={quote(cache_dir)}"
    return _subshell(shell_library("place"), shell_library("fetch"), settings, call)


def _subshell(*parts: str) -> str:
    return "(\n" + "\n".join(parts) + "\n)"
