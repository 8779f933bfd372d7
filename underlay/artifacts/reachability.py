"""Renders the shell by which a host finds out whether it can download, and from where it cannot: nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from .fetch import shell_library
from .oci import INDEX, MANIFEST

LIMIT_S = 8
"""Seconds for each request; an image takes up to five, one after the other."""
# What Docker calls the same.
_DOCKER = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
MANIFESTS = ", ".join((INDEX, *_DOCKER, MANIFEST))
"""The Accept header of a request for a manifest, whichever it is."""
NO_CURL = "no curl"


def reach_script(urls: Sequence[str], *, limit: int = LIMIT_S) -> str:
    """Return POSIX shell that requests all URLs at once, redirects and a registry's store of blobs included.

    It prints a line for each: `@NUMBER`, curl's exit status, the status of the answer and of a proxy's answer to
    CONNECT, the last URL that was requested, curl's error; or NO_CURL alone. An image is named by the URL of its
    manifest.
    """
    settings = f"u_limit={limit} u_manifests={quote(MANIFESTS)} u_slow=1 u_stall={limit} u_cache=/nonexistent"
    lines = [
        f"command -v curl >/dev/null || {{ echo {quote(NO_CURL)}; exit 0; }}",
        "u_work=$(mktemp -d) || exit 1",
        "trap 'rm -rf \"$u_work\"' EXIT",
    ]
    for number, url in enumerate(urls):
        function = "u_reach_image" if "/v2/" in url and "/manifests/" in url else "u_reach"
        lines.append(f"{function} {number} {quote(url)} &")
    parts = (*map(shell_library, ("place", "fetch", "reach")), settings, *lines, "wait")
    return "(\n" + "\n".join(parts) + "\n)"
