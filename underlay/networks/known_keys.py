"""The keys that a chart or a CRD knows: an unknown one would be dropped there without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rapidfuzz import fuzz, process

# Keys that are listed where nothing comes near.
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
    """`paths` maps a dotted path ("ipPools[].cidr") to its type as the schema writes it ("string IPIP|None")."""

    paths: Mapping[str, str]

    def problems(self, values: Mapping[str, Any], *, where: str) -> Iterator[str]:
        """A line for every key that is not known, and every value of another type than the schema's.

        :param where: what stands before the path in a line, e.g. "network.values".
        """
        yield from self._below(values, "", where)

    def _below(self, value: Any, path: str, where: str) -> Iterator[str]:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                below = f"{path}.{key}" if path else str(key)
                if below in self.paths:
                    yield from self._typed(inner, below, where)
                elif self._closed(path):
                    yield f"{where}.{below}: is not known; {self._nearest(below, path)}"
        elif isinstance(value, (list, tuple)):
            for item in value:
                yield from self._below(item, f"{path}[]", where)

    def _typed(self, value: Any, path: str, where: str) -> Iterator[str]:
        kinds, _, choices = self.paths[path].partition(" ")
        allowed = [t for kind in kinds.split("|") for t in _TYPES.get(kind, (object,))]
        if (isinstance(value, bool) and bool not in allowed and object not in allowed) or not isinstance(
            value, tuple(allowed)
        ):
            yield f"{where}.{path}: is {_kind(value)}, and {kinds.replace('|', ' or ')} is known; correct it"
            return
        known = re.findall(r"[^|\[\]\", ]+", choices)
        if known and isinstance(value, str) and value and value not in known:
            yield f"{where}.{path}: {value!r} is not known; one of {', '.join(known)}"
            return
        yield from self._below(value, path, where)

    def _closed(self, path: str) -> bool:
        """Whether the schema lists what is below; an object without a list takes anything (labels, annotations)."""
        return path == "" or any(known.startswith(f"{path}.") for known in self.paths)

    def _nearest(self, path: str, parent: str) -> str:
        """The key that was probably meant: one beside it, else one of that name anywhere, else what is beside it."""
        name = path.rpartition(".")[2]
        beside = {p: _last(p) for p in self.paths if p.rpartition(".")[0] == parent}
        for choices, cutoff in ((beside, 65), ({p: _last(p) for p in self.paths}, 85)):
            if found := process.extractOne(name, choices, scorer=fuzz.ratio, score_cutoff=cutoff):
                return f"did you mean {found[2]}?"
        shown = sorted(beside.values())
        more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
        return f"known there are {', '.join(shown[:SHOWN])}{more}"


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
    """The keys below each CRD's object, from `schemas/FILE`: (apiVersion, kind) -> keys."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in _lines(file):
        identity, path, kind = line.split("\t", 2)
        api_version, _, name = identity.partition(" ")
        found.setdefault((api_version, name), {})[path] = kind
    return {identity: KnownKeys(paths) for identity, paths in found.items()}


def _lines(file: str) -> Iterator[str]:
    yield from (files(__package__) / "schemas" / file).read_text().splitlines()
