"""Reads which Debian mirror this machine uses, so that the project stores none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PUBLIC = "http://deb.debian.org/debian"


@dataclass(frozen=True)
class AptUris:
    """Base addresses of the archive and, where configured, of its security updates."""

    main: str
    security: str | None


def apt_uris(root: Path = Path("/etc/apt")) -> AptUris:
    """Return the first Debian archive that apt is configured with, or Debian's public one.

    Reads both formats, deb822 (`*.sources`) and one-line (`*.list`)."""
    main, security = None, None
    for uri, suites in _entries(root):
        if uri.rstrip("/").endswith("-security") or any(s.endswith(("-security", "/updates")) for s in suites):
            security = security or uri.rstrip("/")
        elif "ubuntu" not in uri:
            main = main or uri.rstrip("/")
    return AptUris(main or PUBLIC, security)


def _entries(root: Path) -> Iterator[tuple[str, list[str]]]:
    for path in sorted((root / "sources.list.d").glob("*.sources")):
        for stanza in path.read_text().split("\n\n"):
            fields = {
                key.strip().lower(): value.split()
                for key, _, value in (s.partition(":") for s in stanza.splitlines() if not s.startswith(("#", " ")))
            }
            if "deb" in fields.get("types", []) and "debian" in " ".join(fields.get("uris", [])):
                yield from ((uri, fields.get("suites", [])) for uri in fields["uris"])
    for path in (root / "sources.list", *sorted((root / "sources.list.d").glob("*.list"))):
        for line in path.read_text().splitlines() if path.exists() else ():
            words = [w for w in _without_options(line).split() if w]
            if len(words) > 2 and words[0] == "deb" and "debian" in words[1]:
                yield words[1], [words[2]]


def _without_options(line: str) -> str:
    before, bracket, rest = line.partition("[")
    return before + rest.partition("]")[2] if bracket else line
