"""Who has a registry's images, and what is requested of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .error import ArtifactError

# Where a registry's API is not at the name that images have.
_API = {"docker.io": "registry-1.docker.io"}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Who has a registry's images: `base` stands before a repository's name in a request; `authorization` is a user's
    header, secret."""

    base: str
    authorization: str | None = field(default=None, repr=False)


class UnreachedRegistry(ArtifactError):
    """A registry that gives no answer, or is too busy for one: what it has is unknown."""


def endpoint_of(ref: str, endpoints: Mapping[str, Endpoint], mirror: str | None) -> Endpoint:
    """Return who has an image.

    :param endpoints: by the registry that images name.
    :param mirror: URL of a registry that has the images of all others.
    """
    host = ref.partition("/")[0]
    return endpoints.get(host) or Endpoint(base=f"{mirror or f'https://{_API.get(host, host)}'}/v2")


def manifest_url(ref: str, endpoint: Endpoint) -> str:
    """Return the URL of the manifest that an image's tag names."""
    repository, _, tag = ref.partition("/")[2].rpartition(":")
    return f"{endpoint.base}/{repository}/manifests/{tag}"


def content_url(path: str, prefix: str, endpoints: Mapping[str, Endpoint]) -> str:
    """Return the URL of host/path: a registry's content is had from whoever has its images, all else below the prefix.

    :param endpoints: by the registry that charts and images name.
    """
    host, _, rest = path.partition("/")
    if rest.startswith("v2/") and host in endpoints:
        return f"{endpoints[host].base}/{rest.removeprefix('v2/')}"
    return prefix + path


@dataclass(frozen=True, kw_only=True)
class Registries:
    """Who has images: `endpoints` by the registry that images name, `mirror` the URL of one that has all others'."""

    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    mirror: str | None = None

    def endpoint(self, ref: str) -> Endpoint:
        """Return who has an image."""
        return endpoint_of(ref, self.endpoints, self.mirror)
