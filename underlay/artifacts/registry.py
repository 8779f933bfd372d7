"""Asks registries which digest a tag has now.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md, and for tokens
https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import httpx

from .endpoints import Endpoint, Registries, UnreachedRegistry, manifest_url
from .error import ArtifactError
from .reachability import MANIFESTS
from .request import RequestLimits, opened_client

_LARGEST = 4 * 2**20
_CONNECT_S, _ANSWER_S = 5, 15


def digests_of_tags(groups: Iterable[list[str]], registries: Registries) -> dict[str, str | ArtifactError]:
    """Return image -> the digest that its tag has now, or why it is not known; each group is of one registry."""
    groups = list(groups)
    limits = RequestLimits(connect=_CONNECT_S, stall=_ANSWER_S)
    with opened_client(limits) as client, ThreadPoolExecutor(len(groups)) as pool:
        jobs = [pool.submit(_of_registry, client, refs, registries) for refs in groups]
        return {ref: answer for job in jobs for ref, answer in job.result().items()}


def _of_registry(client: httpx.Client, refs: list[str], registries: Registries) -> dict[str, str | ArtifactError]:
    """One after the other: a registry that gives no answer for the first is not asked for the others."""
    said: dict[str, str | ArtifactError] = {}
    for ref in refs:
        try:
            said[ref] = digest_of_tag(client, ref, registries.endpoint(ref))
        except UnreachedRegistry as error:
            return said | {r: error for r in refs if r not in said}
        except ArtifactError as error:
            said[ref] = error
    return said


def digest_of_tag(client: httpx.Client, ref: str, endpoint: Endpoint) -> str:
    """Return the digest (sha256:…) of what a tag names now: the index, where the image has one.

    :raises UnreachedRegistry: when the registry gives no answer.
    :raises ArtifactError: when it refuses, or has no such tag.
    """
    url = manifest_url(ref, endpoint)
    try:
        response = _manifest(client, url, endpoint)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = str(error) or type(error).__name__
        raise UnreachedRegistry(f"image {ref}", f"{httpx.URL(url).host} gives no answer", found=why) from None
    if response.status_code != httpx.codes.OK:
        raise _refusal(ref, url, response.status_code)
    digest = f"sha256:{hashlib.sha256(response.content).hexdigest()}"
    said = response.headers.get("Docker-Content-Digest", digest)
    if said != digest or len(response.content) > _LARGEST:
        raise ArtifactError(
            f"image {ref}",
            f"what {httpx.URL(url).host} serves has another digest than it says",
            found=f"{digest}, it says {said}",
            remedy="see who answers there: a proxy or the registry",
        )
    return digest


def _manifest(client: httpx.Client, url: str, endpoint: Endpoint) -> httpx.Response:
    headers = {"Accept": MANIFESTS}
    login = {"Authorization": endpoint.authorization} if endpoint.authorization else {}
    response = client.get(url, headers=headers)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        token = token_header(client, response.headers.get("WWW-Authenticate", ""), login)
        response = client.get(url, headers=headers | (token or login))
    return response


def token_header(client: httpx.Client, challenge: str, login: dict[str, str]) -> dict[str, str]:
    """Return the header with a token, from the realm that a refusal names; empty where it names none."""
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    if not challenge.lower().startswith("bearer ") or "realm" not in fields:
        return {}
    if login and not fields["realm"].startswith("https://"):
        raise ValueError(f"it wants its user's password without TLS, at {fields['realm']}")
    parameters = {key: fields[key] for key in ("service", "scope") if key in fields}
    answer = client.get(fields["realm"], params=parameters, headers=login)
    if answer.status_code != httpx.codes.OK:
        return {}
    document = answer.json()
    return {"Authorization": f"Bearer {document.get('token') or document.get('access_token')}"}


def _refusal(ref: str, url: str, status: int) -> ArtifactError:
    host = httpx.URL(url).host
    match status:
        case 401 | 403:
            return ArtifactError(
                f"image {ref}",
                f"{host} refuses it",
                found=f"HTTP status {status}",
                remedy=f'state a user that may pull: registries = {{"{ref.partition("/")[0]}": …}}',
            )
        case 404:
            return ArtifactError(f"image {ref}", f"{host} has no such image", found=url, remedy="copy it there")
        case _:
            return UnreachedRegistry(f"image {ref}", f"{host} gives no answer", found=f"HTTP status {status}")
