"""Finds the Debian mirrors that this machine's apt is configured with, so that the project names none of its own.

Reads both of apt's formats, one-line (`*.list`) and deb822 (`*.sources`); see sources.list(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

APT = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
_ONE_LINE = re.compile(r"deb\s+(?:\[[^]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<components>[^#]*)")
_SECURITY = ("-security", "/updates")
# A suite can be named by its role in Debian instead of its release; other archives have such names, too.
_ALIASES = ("stable", "oldstable", "testing", "unstable", "sid")


@dataclass(frozen=True)
class AptSource:
    """One configured source of binary packages."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]


@dataclass(frozen=True)
class DebianMirrors:
    """URLs of Debian's archive and of its security updates; no security where the machine configures none."""

    archive: str
    security: str | None


DEBIAN = DebianMirrors("http://deb.debian.org/debian", "http://deb.debian.org/debian-security")


def debian_mirrors(root: Path = APT, os_release: Path = OS_RELEASE) -> DebianMirrors:
    """Return this machine's Debian mirrors, or Debian's public ones on another distribution."""
    release = os_release.read_text(encoding="utf-8", errors="replace") if os_release.exists() else ""
    if not re.search(r"^ID=\"?debian\"?$", release, re.MULTILINE):
        return DEBIAN
    codename = re.search(r"^VERSION_CODENAME=\"?(\w+)", release, re.MULTILINE)
    return choose_mirrors(read_sources(root), codename.group(1) if codename else "stable")


def choose_mirrors(sources: Iterable[AptSource], codename: str) -> DebianMirrors:
    """Return Debian's among all sources: those that serve `main` of the release called `codename`."""
    archive = security = None
    for source in sources:
        if "main" not in source.components or not source.uris:
            continue
        uri = source.uris[0].rstrip("/")
        names = (codename, *_ALIASES) if re.search(r"/debian(-security)?$", uri) else (codename,)
        if any(suite in names for suite in source.suites):
            archive = archive or uri
        elif any(suite.startswith(names) and suite.endswith(_SECURITY) for suite in source.suites):
            security = security or uri
    return DebianMirrors(archive, security) if archive else DEBIAN


def read_sources(root: Path = APT) -> Iterator[AptSource]:
    """Yield every source below an /etc/apt directory, in apt's order."""
    for path in (root / "sources.list", *sorted((root / "sources.list.d").glob("*.list"))):
        if path.is_file():
            yield from parse_one_line(path.read_text(encoding="utf-8", errors="replace"))
    for path in sorted((root / "sources.list.d").glob("*.sources")):
        yield from parse_deb822(path.read_text(encoding="utf-8", errors="replace"))


def parse_one_line(text: str) -> Iterator[AptSource]:
    """Yield the sources of a sources.list."""
    for line in text.splitlines():
        found = _ONE_LINE.match(line.strip())
        if found:
            yield AptSource(_resolved([found["uri"]]), (found["suite"],), tuple(found["components"].split()))


def parse_deb822(text: str) -> Iterator[AptSource]:
    """Yield the sources of a .sources file; those that are disabled or hold no binary packages are left out."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", lines):
        fields: dict[str, list[str]] = {}
        for name, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t]+.*)*)", stanza, re.MULTILINE):
            fields[name.lower()] = value.split()
        if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"])[0].lower() != "no":
            yield AptSource(
                _resolved(fields.get("uris", [])),
                tuple(fields.get("suites", [])),
                tuple(fields.get("components", [])),
            )


def _resolved(uris: Iterable[str]) -> tuple[str, ...]:
    """Cloud images name their mirror in a file of its own (`mirror+file:/etc/apt/mirrors/debian.list`)."""
    found = []
    for uri in uris:
        listing = Path(uri.removeprefix("mirror+file:"))
        if uri.startswith("mirror+file:") and listing.is_file():
            words = (line.split() for line in listing.read_text(encoding="utf-8", errors="replace").splitlines())
            found += [first for first, *_ in filter(None, words) if not first.startswith("#")][:1]
        else:
            found.append(uri)
    return tuple(found)
