"""The keys that a chart or a CRD knows: it would ignore an unknown one silently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rapidfuzz import fuzz, process

# How many keys are listed where none is similar.
SHOWN = 12
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}


@dataclass(frozen=True)
class KnownKeys:
    """The keys below one object: `paths` maps a dotted path ("ipPools[].cidr") to its type and values, as the schema
    lists them ("string IPIP|None")."""

    paths: Mapping[str, str]

    def problems(self, values: Mapping[str, Any], *, where: str) -> Iterator[str]:
        """One problem for every unknown key, and for every value that is not of the type in the schema.

        :param where: the prefix of the path in a problem, e.g. "network.values".
        """
        yield from self._below(values, "", where)

    def _below(self, value: Any, path: str, where: str) -> Iterator[str]:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                below = f"{path}.{key}" if path else str(key)
                if below in self.paths:
                    yield from self._of_type(inner, below, where)
                elif self._closed(path):
                    yield f"{where}.{below}: unknown key; {self._nearest(below, path)}"
        elif isinstance(value, (list, tuple)):
            for item in value:
                yield from self._below(item, f"{path}[]", where)

    def _of_type(self, value: Any, path: str, where: str) -> Iterator[str]:
        kinds, _, choices = self.paths[path].partition(" ")
        allowed = [t for kind in kinds.split("|") for t in _TYPES.get(kind, (object,))]
        if (isinstance(value, bool) and bool not in allowed and object not in allowed) or not isinstance(
            value, tuple(allowed)
        ):
            yield f"{where}.{path}: wrong type (it is {_kind(value)}); use {kinds.replace('|', ' or ')}"
            return
        known = re.findall(r"[^|\[\]\", ]+", choices)
        if known and isinstance(value, str) and value and value not in known:
            yield f"{where}.{path}: unknown value (it is {value!r}); use one of {', '.join(known)}"
            return
        yield from self._below(value, path, where)

    def _closed(self, path: str) -> bool:
        """Whether the schema lists the keys below; an object without a list accepts any (labels, annotations)."""
        return path == "" or any(known.startswith(f"{path}.") for known in self.paths)

    def _nearest(self, path: str, parent: str) -> str:
        """The key that was probably meant: a similar sibling, else a similar name anywhere, else all siblings."""
        name = path.rpartition(".")[2]
        siblings = {p: _last(p) for p in self.paths if p.rpartition(".")[0] == parent}
        for choices, cutoff in ((siblings, 65), ({p: _last(p) for p in self.paths}, 85)):
            if found := process.extractOne(name, choices, scorer=fuzz.ratio, score_cutoff=cutoff):
                return f"did you mean {found[2]}?"
        shown = sorted(siblings.values())
        more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
        return f"known keys here: {', '.join(shown[:SHOWN])}{more}"


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _kind(value: Any) -> str:
    names = {kind for kind, types in _TYPES.items() if type(value) in types}
    return (names - {"number"} or names or {type(value).__name__}).pop()


@cache
def of_chart(file: str) -> KnownKeys:
    """The keys of a Helm chart, from `schemas/FILE`."""
    return KnownKeys(dict(line.split("\t", 1) for line in _lines(file)))


@cache
def of_kinds(file: str) -> Mapping[tuple[str, str], KnownKeys]:
    """The keys of each kind that is a CRD, from `schemas/FILE`: (apiVersion, kind) -> keys."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in _lines(file):
        identity, path, kind = line.split("\t", 2)
        api_version, _, name = identity.partition(" ")
        found.setdefault((api_version, name), {})[path] = kind
    return {identity: KnownKeys(paths) for identity, paths in found.items()}


def _lines(file: str) -> Iterator[str]:
    yield from (files(__package__) / "schemas" / file).read_text().splitlines()
