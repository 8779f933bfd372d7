"""The documentation of report.json, from its schema: a table for each part of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .document import Report


def schema_tables() -> str:
    """Markdown: the report first, then each part in the order of its first use."""
    schema = Report.model_json_schema(by_alias=True)
    parts = schema.pop("$defs")
    order = [("report.json", schema)]
    names = list(dict.fromkeys(_named(schema)))
    for name in names:
        order.append((name, parts[name]))
        names += [n for n in dict.fromkeys(_named(parts[name])) if n not in names]
    return "\n".join(line for title, part in order for line in _table(title, part))


def _table(title: str, part: Mapping[str, Any]) -> Iterator[str]:
    yield f"**{title}**: {' '.join(part.get('description', '').split())}".removesuffix(": ")
    yield ""
    yield "| field | type | what |"
    yield "| --- | --- | --- |"
    for name, field in part["properties"].items():
        yield f"| `{name}` | {_type(field)} | {field.get('description', '')} |"
    yield ""


def _type(field: Mapping[str, Any]) -> str:
    """In words: `list of Node`, `one of failed, skipped, passed`."""
    if "$ref" in field:
        return _last(field["$ref"])
    if "enum" in field:
        return f"one of {', '.join(field['enum'])}"
    if "anyOf" in field:
        return " or ".join(_type(kind) for kind in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    if isinstance(of := field.get("additionalProperties"), Mapping):
        return f"{_type(of)} by name"
    words = {"string": "text", "integer": "integer", "number": "number", "boolean": "yes or no", "null": "null"}
    return words[field["type"]]


def _named(node: Any) -> Iterator[str]:
    """Every part that a schema refers to."""
    if isinstance(node, Mapping):
        if "$ref" in node:
            yield _last(node["$ref"])
        for inner in node.values():
            yield from _named(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _named(inner)


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]
