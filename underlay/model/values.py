"""Chart values laid over others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `over` on top, tables within tables too."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = laid_over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value with its dotted path; lists and empty tables are values."""
    for key, value in values.items():
        below = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping) and value:
            yield from leaves(value, below)
        else:
            yield below, value
