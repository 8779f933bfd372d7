"""Definitions of Calico's kinds, made of the keys that are kept of them: names, types, choices, and nothing else.

Upstream's own cannot be had here. These lack its descriptions, bounds, patterns and rules in CEL, and know as well as
upstream's which keys there are, of which type, and which words a key takes: objects are structural, and an API server
drops or refuses whatever is not listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from underlay.networks.calico.objects import OPERATOR
from underlay.networks.known_keys import of_kinds

FILES = ("calico-3.32.1-installation.tsv", "calico-3.32.1-crds.tsv")
Schema = dict[str, Any]


def definitions() -> list[dict[str, Any]]:
    """A CustomResourceDefinition for each kind, all of the cluster's scope as upstream's are."""
    found = [
        _definition(*identity, schema_of(keys.paths)) for file in FILES for identity, keys in of_kinds(file).items()
    ]
    # Its spec may be empty, and ours is.
    return [*found, _definition(OPERATOR, "APIServer", {"type": "object", "properties": {"spec": {"type": "object"}}})]


def schema_of(paths: Mapping[str, str]) -> Schema:
    """The schema of an object that has these keys."""
    root: Schema = {"type": "object", "properties": {}}
    for path, kind in sorted(paths.items()):
        _place(root, path, kind)
    return root


def _place(root: Schema, path: str, kind: str) -> None:
    where = root
    *above, last = list(_steps(path))
    for step in above:
        where = where["items"] if step == "[]" else where["properties"][step]
    made = _of_kind(kind)
    if last == "[]":
        where["items"] = made
        return
    # An object that turns out to have keys of its own is no table of anything.
    where.pop("additionalProperties", None)
    where.setdefault("properties", {})[last] = made


def _steps(path: str) -> Iterator[str]:
    """ "a[].b" -> a, [], b."""
    for part in path.split("."):
        name, *lists = part.split("[]")
        yield name
        yield from ("[]" for _ in lists)


def _of_kind(text: str) -> Schema:
    kind, has_choices, choices = text.partition(" ")
    if kind in ("any", "integer|string"):
        return {"x-kubernetes-int-or-string": True}
    if kind == "object":
        return {"type": "object", "additionalProperties": {"x-kubernetes-int-or-string": True}}
    if kind == "array":
        return {"type": "array", "items": {"type": "string"}}
    return {"type": kind, **({"enum": choices.split("|")} if has_choices else {})}


def _definition(api_version: str, kind: str, schema: Schema) -> dict[str, Any]:
    group, version = api_version.split("/")
    plural = f"{kind.lower()}s"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "apiVersion": {"type": "string"},
                                "kind": {"type": "string"},
                                "metadata": {"type": "object"},
                                **schema["properties"],
                            },
                        }
                    },
                }
            ],
        },
    }
