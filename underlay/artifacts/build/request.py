"""Requests to upstream's servers, whose errors are one line that names the URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import httpx

from underlay.artifacts.error import ArtifactError

_UNCHANGED = "the lock file is unchanged"


@contextmanager
def reporting_errors(url: str) -> Iterator[None]:
    """Turn the errors of a request inside the block into ArtifactErrors."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise ArtifactError(
            url, "cannot be downloaded", found=f"HTTP status {error.response.status_code}", remedy=_UNCHANGED
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = str(error) or type(error).__name__
        raise ArtifactError(url, "cannot be downloaded", found=why, remedy=_UNCHANGED) from None


def save(client: httpx.Client, url: str, file: IO[bytes], headers: dict[str, str] | None = None) -> str:
    """Download `url` into a file; return its sha256.

    :raises ArtifactError: when it cannot be downloaded.
    """
    digest = hashlib.sha256()
    with reporting_errors(url), client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            digest.update(chunk)
            file.write(chunk)
    file.flush()
    return digest.hexdigest()


def wrong_checksum(url: str, actual: str, expected: str) -> ArtifactError:
    """The error for a complete download that differs from upstream's checksum."""
    return ArtifactError(url, "does not match upstream's checksum", found=f"sha256 {actual}, expected {expected}")
