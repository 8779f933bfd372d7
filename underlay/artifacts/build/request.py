"""Asks a server of upstream's for something, and tells in one line that names the URL what went wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import httpx

from underlay.artifacts.error import ArtifactError

_KEPT = "the lock file is as it was"


@contextmanager
def telling(url: str) -> Iterator[None]:
    """Turn what goes wrong with a request within into an ArtifactError."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise ArtifactError(url, "could not be fetched", found=f"{error.response.status_code}", remedy=_KEPT) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = str(error) or type(error).__name__
        raise ArtifactError(url, "could not be fetched", found=why, remedy=_KEPT) from None


def save(client: httpx.Client, url: str, file: IO[bytes], headers: dict[str, str] | None = None) -> str:
    """Write what is at `url` into a file; return its sha256."""
    seen = hashlib.sha256()
    with telling(url), client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            seen.update(chunk)
            file.write(chunk)
    file.flush()
    return seen.hexdigest()


def another(url: str, seen: str, digest: str) -> ArtifactError:
    """What was downloaded is whole, and is not what upstream says it is."""
    return ArtifactError(url, "is not the file upstream's checksum is of", found=f"sha256 {seen}, not {digest}")
