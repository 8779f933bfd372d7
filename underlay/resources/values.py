"""Helm values of a release: the template that prints them, how they are read, and compared with those declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

# Helm's templates have no JSON: {{template "values" X}} prints X as JSON whose strings are URL-encoded (hence without a
# blank) and whose lists and objects end in one entry too many.
TEMPLATE = """\
{{define "values"}}{{$t := printf "%T" .}}{{if eq $t "map[string]interface {}"}}\
{{"{"}}{{range $k, $v := .}}"{{urlquery $k}}":{{template "values" $v}},{{end}}"":0}\
{{else if eq $t "[]interface {}"}}[{{range .}}{{template "values" .}},{{end}}0]\
{{else if eq $t "string"}}"{{urlquery .}}"{{else if eq $t "<nil>"}}null{{else}}{{.}}{{end}}{{end}}"""


def read(text: str) -> Any:
    """The values that the template printed; empty where the text is not complete."""
    try:
        return _decoded(json.loads(text))
    except ValueError:
        return {}


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return {unquote_plus(k): _decoded(v) for k, v in value.items() if k}
    if isinstance(value, list):
        return [_decoded(v) for v in value[:-1]]
    return unquote_plus(value) if isinstance(value, str) else value


def differing(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Paths of the values that differ, never the values themselves, which may be secret."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            inner = f"{path}.{key}" if path else str(key)
            if key in one and key in other:
                yield from differing(one[key], other[key], inner)
            else:
                yield inner
    elif isinstance(one, bool) != isinstance(other, bool) or one != other:
        yield path
