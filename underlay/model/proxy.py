"""The proxy that hosts take to what is outside the cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Proxy:
    """URLs by the scheme of what is requested; `exempt` is what it may not carry, beside the cluster itself.

    A URL may have a user and a password: it is shown nowhere.
    """

    http: str | None = field(default=None, repr=False)
    https: str | None = field(default=None, repr=False)
    exempt: tuple[str, ...] = ()

    @property
    def urls(self) -> dict[str, str]:
        """The scheme of what is requested -> the proxy's URL."""
        return {scheme: url for scheme, url in (("http", self.http), ("https", self.https)) if url}

    @property
    def credentials(self) -> dict[str, str]:
        """The scheme of what is requested -> user:password as it stands in the URL."""
        logins = {scheme: urlsplit(url).netloc.rpartition("@")[0] for scheme, url in self.urls.items()}
        return {scheme: login for scheme, login in logins.items() if login}
