"""A registry that the inventory names in the place of an image's own."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Registry:
    """`host` is how images name theirs (registry.k8s.io); `endpoint` the URL of the one that has them.

    With a path, as registries with projects have, that path is before the repository's: `https://r.example/k8s` has
    registry.k8s.io/pause as k8s/pause.
    """

    host: str
    endpoint: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def base(self) -> str:
        """What stands before a repository's name in a request (OCI distribution: /v2/ is the first path)."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}/v2{parts.path.rstrip('/')}"

    @property
    def authorization(self) -> str | None:
        """The header by which its user is known (RFC 7617); None without one."""
        if self.username is None:
            return None
        return "Basic " + b64encode(f"{self.username}:{self.password}".encode()).decode()
