"""A resource of any kind as a line for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

from underlay.resources.file import File
from underlay.resources.resource import Resource


def declared(resource: Resource) -> Iterator[str]:
    """What a resource declares: kind and name, then the fields that differ from their defaults.

    A resource that is a list (of packages, of images) gives a line for each item.
    """
    if isinstance(resource, File) and resource.content is None:
        yield f"{resource.title}, absent"
        return
    names = [resource.name]
    words = []
    for field in fields(resource):  # type: ignore[arg-type]
        value = getattr(resource, field.name)
        default = field.default is not MISSING and value == field.default
        if not field.repr or default or value in (resource.name, "", ()):
            continue
        if isinstance(value, tuple) and " ".join(map(str, value)) == resource.name:
            names = [str(v) for v in value]
        elif (text := _plain(value)) is not None:
            words.append(f"{field.name} {text}")
    for name in names:
        yield ", ".join([f"{resource.kind} {name}", *words])


def _plain(value: Any) -> str | None:
    """A field's value as words; None for what concerns the controller only, such as the path of a blob."""
    if isinstance(value, tuple):
        texts = [_plain(v) for v in value]
        return None if None in texts else " ".join(map(str, texts))
    return str(value) if isinstance(value, (str, int)) else None
