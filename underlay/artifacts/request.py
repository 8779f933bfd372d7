"""Requests to upstream's servers: TLS all the way, within a time, and errors of one line that name the URL."""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import certifi
import httpx

from .error import ArtifactError

UPSTREAM = "https://"
_REMEDY = 'look at this machine\'s network and proxy, or name a mirror or a bundle as "source"'


@dataclass(frozen=True, kw_only=True)
class RequestLimits:
    """How long this machine waits for an answer, in seconds, and how often it tries.

    `connect` and `stall` bound a connection's beginning and its silence, `whole` everything about one small file.
    """

    connect: float = 10
    stall: float = 10
    whole: float = 40
    tries: int = 3
    pause: float = 0.5


def opened_client(limits: RequestLimits | None = None) -> httpx.Client:
    """Return a client that trusts what this machine trusts, follows redirects, and never from https to plain http."""
    at = limits or RequestLimits()
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return httpx.Client(
        follow_redirects=True,
        timeout=httpx.Timeout(at.stall, connect=at.connect),
        verify=context,
        event_hooks={"response": [_refuse_downgrade]},
    )


def _refuse_downgrade(response: httpx.Response) -> None:
    if response.url.scheme != "https" or not response.has_redirect_location:
        return
    target = response.url.join(response.headers["Location"])
    if target.scheme != "https":
        raise httpx.HTTPError(f"it is redirected to {target}, without TLS")


@contextmanager
def reporting_errors(url: str) -> Iterator[None]:
    """Turn the errors of a request inside the block into ArtifactErrors."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise ArtifactError(
            url, "cannot be downloaded", found=f"HTTP status {error.response.status_code}", remedy=_REMEDY
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = str(error) or type(error).__name__
        raise ArtifactError(url, "cannot be downloaded", found=why, remedy=_REMEDY) from None


def read_text(client: httpx.Client, url: str, *, limits: RequestLimits | None = None, largest: int = 65536) -> str:
    """Return the text of a small file; a connection that breaks, and a server that is busy, are tried again.

    :param largest: bytes; more is refused.
    :raises ArtifactError: when it cannot be downloaded in time.
    """
    at = limits or RequestLimits()
    end = time.monotonic() + at.whole
    with reporting_errors(url):
        for attempt in range(1, at.tries + 1):
            try:
                return _text(client, url, end=end, largest=largest)
            except httpx.HTTPStatusError as error:
                last = attempt == at.tries or error.response.status_code < 500
                if last:
                    raise
            except httpx.TransportError:
                if attempt == at.tries or time.monotonic() > end:
                    raise
            time.sleep(at.pause * 2 ** (attempt - 1))
    raise AssertionError("unreachable")


def _text(client: httpx.Client, url: str, *, end: float, largest: int) -> str:
    content = bytearray()
    with client.stream("GET", url) as response:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > largest:
                raise httpx.HTTPError(f"it is longer than {largest} bytes")
            if time.monotonic() > end:
                raise httpx.HTTPError(f"too slow, {len(content)} bytes so far")
    return content.decode("utf-8", errors="replace")


def save(client: httpx.Client, url: str, file: IO[bytes], headers: dict[str, str] | None = None) -> str:
    """Download `url` into a file; return its sha256.

    :raises ArtifactError: when it cannot be downloaded.
    """
    digest = hashlib.sha256()
    # A server that marks a .tgz as compressed would have it unpacked: its bytes are what has the checksum.
    headers = {"Accept-Encoding": "identity", **(headers or {})}
    with reporting_errors(url), client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        for chunk in response.iter_raw():
            digest.update(chunk)
            file.write(chunk)
    file.flush()
    return digest.hexdigest()


def wrong_checksum(url: str, actual: str, expected: str) -> ArtifactError:
    """The error for a complete download that differs from upstream's checksum."""
    return ArtifactError(url, "does not match upstream's checksum", found=f"sha256 {actual}, expected {expected}")
