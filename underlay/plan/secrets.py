"""Secrets by name: what is shown of a spec says where a secret is used, and never its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from underlay.inventory.spec import Spec

# Shorter secrets are replaced as whole words only: a password "a" would mangle every text.
LONG = 8


def named(name: str) -> str:
    """The placeholder of a secret."""
    return f"<secret {name}>"


def with_placeholders(text: str, names: Mapping[str, str]) -> str:
    """A text with each secret replaced, in their order; `names` is secret -> its name."""
    for secret, name in names.items():
        pattern = re.escape(secret)
        if len(secret) < LONG:
            pattern = rf"(?<!\w){pattern}(?!\w)"
        text = named(name).join(re.split(pattern, text))
    return text


class Secrets:
    """Every secret of a spec, and how to show documents and texts without them."""

    def __init__(self, spec: Spec) -> None:
        found = dict(_stated(spec.network, "network"))
        if spec.cluster.bgp and spec.cluster.bgp.password:
            found[spec.cluster.bgp.password] = "bgp.password"
        if spec.cluster.proxy:
            found |= {login: f"proxy.{scheme}" for scheme, login in spec.cluster.proxy.credentials.items()}
        for registry in spec.cluster.registries:
            for secret in (registry.password, registry.authorization):
                if secret:
                    found[secret] = f"registries.{registry.host}.password"
        # Longest first: one secret may contain another.
        self._names = dict(sorted(found.items(), key=lambda item: (-len(item[0]), item[0])))

    def hidden(self, value: Any) -> Any:
        """A document, or a part of one, with every secret replaced by its placeholder."""
        if isinstance(value, Mapping):
            if value.get("kind") == "Secret" and isinstance(value.get("metadata"), Mapping):
                value = _without_contents(value)
            return {self.hidden(key): self.hidden(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.hidden(inner) for inner in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """A text with every secret replaced by its placeholder."""
        return with_placeholders(text, self._names)


def _without_contents(secret: Mapping[str, Any]) -> dict[str, Any]:
    where = f"{secret['metadata'].get('namespace', 'default')}/{secret['metadata'].get('name', '')}"
    return {
        key: {entry: named(f"{where}.{entry}") for entry in value} if key in ("data", "stringData") else value
        for key, value in secret.items()
    }


def _stated(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each secret value in a model or container, with the path of its setting."""
    if isinstance(value, SecretStr):
        if text := value.get_secret_value():
            yield text, path
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _stated(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _stated(inner, f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _stated(inner, f"{path}[{number}]")
