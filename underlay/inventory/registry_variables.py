"""The inventory's variable `registries`: where images are pulled from, and with which user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from underlay.model.registry import Registry

_HOST = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[0-9]{1,5})?")
_ENDPOINT = "endpoint is a URL such as https://registry.example or https://registry.example/project"
# Bytes as they may stand in a URL, without what would need quotes elsewhere.
_PLAIN = re.compile(r"[A-Za-z0-9._~:/\[\]%-]+")


class RegistryVariables(BaseModel):
    """One entry of the variable `registries`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str = Field(description="URL of the registry that has the images, a project's path included")
    username: str | None = Field(None, description="its user")
    password: SecretStr | None = Field(None, description="the user's password or token; secret")

    @field_validator("endpoint")
    @classmethod
    def _url(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError as error:
            raise ValueError(_ENDPOINT) from error
        if "@" in value:
            raise ValueError(f"{_ENDPOINT}; a user belongs into username and password")
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not _PLAIN.fullmatch(value):
            raise ValueError(_ENDPOINT)
        return value.rstrip("/")

    @model_validator(mode="after")
    def _whole(self) -> RegistryVariables:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password are both there, or neither")
        if self.username is not None and (":" in self.username or not self.username.isprintable()):
            raise ValueError("a username has no colon and no control characters")
        return self


def host_problem(host: str) -> str | None:
    """Why no image has this as its registry."""
    if _HOST.fullmatch(host) and ("." in host or ":" in host or host == "localhost"):
        port = host.partition(":")[2]
        if not port or 0 < int(port) < 2**16:
            return None
    return "a registry is named as images name it, such as registry.k8s.io or registry.example:5000"


def registries_of(stated: Mapping[str, RegistryVariables]) -> tuple[Registry, ...]:
    """Each with its host, in the inventory's order."""
    return tuple(
        Registry(host, entry.endpoint, entry.username, entry.password.get_secret_value() if entry.password else None)
        for host, entry in stated.items()
    )
