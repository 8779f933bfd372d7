"""The inventory's variable `proxy`: what hosts take to what is outside the cluster."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

from underlay.model.proxy import Proxy

_FORM = "is a URL with a host, such as http://proxy.example:3128"
# What stands in a URL as it is (RFC 3986), without what shells and systemd would take for their own.
_PLAIN = re.compile(r"[A-Za-z0-9._~%!*+,;=:@\[\]/-]*")
_EXEMPT = re.compile(r"[A-Za-z0-9._:/*\[\]-]+")


class ProxyVariables(BaseModel):
    """The variable `proxy`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    http: SecretStr | None = Field(None, description="the proxy of http:// URLs")
    https: SecretStr | None = Field(None, description="the proxy of https:// URLs")
    no_proxy: tuple[str, ...] = Field((), description="names, domains, addresses and subnets that are reached without")

    @field_validator("http", "https")
    @classmethod
    def _url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and (problem := _problem(value.get_secret_value())):
            raise ValueError(f"{info.field_name} {problem}")
        return value

    @field_validator("no_proxy", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("no_proxy")
    @classmethod
    def _plain(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if "://" in entry or not _EXEMPT.fullmatch(entry):
                raise ValueError("no_proxy has names, domains, addresses and subnets, such as .corp.example,10.0.0.0/8")
        return value

    @model_validator(mode="after")
    def _some(self) -> ProxyVariables:
        if not self.http and not self.https:
            raise ValueError("it names no proxy: set http, https, or both")
        return self

    @property
    def proxy(self) -> Proxy:
        http, https = (url.get_secret_value() if url else None for url in (self.http, self.https))
        return Proxy(http=http, https=https, exempt=self.no_proxy)


def _problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return _FORM
    if parts.scheme not in ("http", "https"):
        return f"{_FORM}; the proxy itself is spoken to by http or https"
    if not parts.hostname or port == 0 or parts.path not in ("", "/") or parts.query or parts.fragment:
        return _FORM
    if not _PLAIN.fullmatch(url):
        return "has a character that a URL writes as %XX; write the user and the password so, too"
    return None
