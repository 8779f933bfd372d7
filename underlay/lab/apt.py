"""Where this machine gets Debian packages from, so that the base image comes from the same place."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .commands import installed, missing, run
from .progress import say

APT = Path("/etc/apt")
_ONE_LINE = re.compile(r"deb\s+(?:\[[^]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<components>[^#]*)")
_SECURITY = ("-security", "/updates")


@dataclass(frozen=True)
class Source:
    """One configured source of binary packages."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]


@dataclass(frozen=True)
class Mirrors:
    """Where Debian's archive and its security updates are; no security where the machine configures none."""

    archive: str
    security: str | None


DEBIAN = Mirrors("http://deb.debian.org/debian", "http://deb.debian.org/debian-security")


def mirrors(root: Path = APT, os_release: Path = Path("/etc/os-release")) -> Mirrors:
    """This machine's Debian mirrors, or Debian's own if it is no Debian."""
    release = os_release.read_text() if os_release.exists() else ""
    if not re.search(r"^ID=\"?debian\"?$", release, re.MULTILINE):
        return DEBIAN
    codename = re.search(r"^VERSION_CODENAME=\"?(\w+)", release, re.MULTILINE)
    return choose(read(root), codename.group(1) if codename else "stable")


def choose(sources: Iterable[Source], codename: str) -> Mirrors:
    """Debian's among all sources: those that serve `main` of this machine's release."""
    archive = security = None
    for source in sources:
        if "main" not in source.components or not source.uris:
            continue
        if codename in source.suites:
            archive = archive or source.uris[0]
        elif any(suite.startswith(codename) and suite.endswith(_SECURITY) for suite in source.suites):
            security = security or source.uris[0]
    return Mirrors(archive, security) if archive else DEBIAN


def read(root: Path) -> Iterator[Source]:
    """Every source below an /etc/apt directory, in apt's order."""
    for path in (root / "sources.list", *sorted((root / "sources.list.d").glob("*.list"))):
        if path.is_file():
            yield from parse_one_line(path.read_text())
    for path in sorted((root / "sources.list.d").glob("*.sources")):
        yield from parse_deb822(path.read_text())


def parse_one_line(text: str) -> Iterator[Source]:
    """The sources of a sources.list."""
    for line in text.splitlines():
        found = _ONE_LINE.match(line.strip())
        if found:
            yield Source(_resolved([found["uri"]]), (found["suite"],), tuple(found["components"].split()))


def parse_deb822(text: str) -> Iterator[Source]:
    """The sources of a .sources file."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", lines):
        fields: dict[str, list[str]] = {}
        for name, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t]+.*)*)", stanza, re.MULTILINE):
            fields[name.lower()] = value.split()
        if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"])[0].lower() != "no":
            yield Source(
                _resolved(fields.get("uris", [])),
                tuple(fields.get("suites", [])),
                tuple(fields.get("components", [])),
            )


def install(*packages: str) -> None:
    """Install packages on this machine with apt-get, and say so."""
    if not installed("apt-get"):
        raise missing(packages[0])
    say(f"installing {', '.join(packages)} on this machine")
    environment = ("env", "DEBIAN_FRONTEND=noninteractive")
    run(*environment, "apt-get", "update", "-q", timeout=300)
    run(*environment, "apt-get", "install", "-qy", "--no-install-recommends", *packages, timeout=600)


def _resolved(uris: Iterable[str]) -> tuple[str, ...]:
    """Cloud images name their mirror in a file of its own (`mirror+file:/etc/apt/mirrors/debian.list`)."""
    found = []
    for uri in uris:
        listing = Path(uri.removeprefix("mirror+file:"))
        if uri.startswith("mirror+file:") and listing.is_file():
            words = (line.split() for line in listing.read_text().splitlines())
            found += [first for first, *_ in filter(None, words) if not first.startswith("#")][:1]
        else:
            found.append(uri)
    return tuple(found)
