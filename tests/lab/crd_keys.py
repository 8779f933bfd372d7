"""The keys that CRDs know, as `underlay/networks/schemas` keeps them: a line each, with its type and its choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def keys_of(definitions: Iterable[Mapping[str, Any]], kinds: frozenset[tuple[str, str]]) -> list[str]:
    """The lines of some kinds, in order.

    :param kinds: (apiVersion, kind) of those that are wanted.
    """
    found = []
    for definition in definitions:
        spec = definition["spec"]
        for version in spec["versions"]:
            identity = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
            if identity in kinds:
                schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
                found += [f"{' '.join(identity)}\t{path}\t{kind}" for path, kind in _below("spec", schema)]
    return sorted(found)


def _below(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield path, _type(schema)
    for name, inner in schema.get("properties", {}).items():
        yield from _below(f"{path}.{name}", inner)
    if "items" in schema:
        yield from _below(f"{path}[]", schema["items"])


def _type(schema: Mapping[str, Any]) -> str:
    kind = "integer|string" if schema.get("x-kubernetes-int-or-string") else schema.get("type", "any")
    choices = "|".join(str(choice) for choice in schema.get("enum", ()))
    return f"{kind} {choices}".strip()
