"""The keys that a chart, a CRD or a component's configuration knows: it would ignore an unknown one silently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rapidfuzz import fuzz, process

from .text_forms import FORMS

# How many keys are listed where none is similar.
SHOWN = 12
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    **dict.fromkeys(FORMS, (str,)),
    "boolean": (bool,),
    "integer": (int,),
    "int32": (int,),
    "uint32": (int,),
    "number": (int, float),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}
_BOUNDS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}
_NAMES = dict.fromkeys(_BOUNDS, "integer") | {kind: f"{form.name} as a string" for kind, form in FORMS.items()}
_RANGE = re.compile(r"(-?[0-9]*)\.\.(-?[0-9]*)")


@dataclass(frozen=True)
class KnownKeys:
    """The keys below one object: `paths` maps a dotted path to its type and values, as the schema lists them.

    `ipPools[].cidr` is a key of each element of a list, `runtimes{}.snapshotter` one below any key of a map. After the
    type stand values ("string IPIP|None"), bounds ("int32 0..100"), or, of an object, the keys of a map that there are.

    `fold` is True where the program that reads them does not distinguish upper and lower case.
    """

    paths: Mapping[str, str]
    fold: bool = False

    def problems(self, values: Mapping[str, Any], *, where: str) -> Iterator[str]:
        """One problem for every unknown key, and for every value that is not of the type in the schema.

        :param where: the prefix of the path in a problem, e.g. "network.values".
        """
        yield from self._below(values, "", where)

    def _below(self, value: Any, path: str, where: str) -> Iterator[str]:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                below = self._known(f"{path}.{key}" if path else str(key))
                if below in self.paths:
                    yield from self._of_type(inner, below, f"{where}.{key}")
                elif f"{path}{{}}" in self.paths:
                    yield from self._of_type(inner, f"{path}{{}}", f"{where}.{key}")
                elif self._closed(path):
                    yield f"{where}.{key}: unknown key; {self._nearest(below, path)}"
        elif isinstance(value, (list, tuple)):
            for item in value:
                if f"{path}[]" in self.paths:
                    yield from self._of_type(item, f"{path}[]", f"{where}[]")
                else:
                    yield from self._below(item, f"{path}[]", f"{where}[]")

    def _of_type(self, value: Any, path: str, where: str) -> Iterator[str]:
        kinds, _, choices = self.paths[path].partition(" ")
        allowed = [t for kind in kinds.split("|") for t in _TYPES.get(kind, (object,))]
        if (isinstance(value, bool) and bool not in allowed and object not in allowed) or not isinstance(
            value, tuple(allowed)
        ):
            use = " or ".join(_NAMES.get(kind, kind) for kind in kinds.split("|"))
            yield f"{where}: wrong type (it is {_kind(value)}); use {use}"
        elif wrong := _wrong_value(value, kinds, choices):
            yield f"{where}: {wrong}"
        else:
            yield from self._below(value, path, where)

    def _known(self, path: str) -> str:
        """The path as the schema has it."""
        if not self.fold or path in self.paths:
            return path
        return next((known for known in self.paths if known.lower() == path.lower()), path)

    def _closed(self, path: str) -> bool:
        """Whether the schema lists the keys below; an object without a list accepts any (labels, annotations)."""
        return path == "" or any(known.startswith(f"{path}.") for known in self.paths)

    def _nearest(self, path: str, parent: str) -> str:
        """The key that was probably meant: a similar sibling, else a similar name anywhere, else all siblings."""
        name = path.rpartition(".")[2].lower()
        siblings = {p: _last(p).lower() for p in self.paths if p.rpartition(".")[0] == parent}
        for choices, cutoff in ((siblings, 65), ({p: _last(p).lower() for p in self.paths}, 85)):
            if found := process.extractOne(name, choices, scorer=fuzz.ratio, score_cutoff=cutoff):
                return f"did you mean {found[2]}?"
        shown = sorted(map(_last, siblings))
        more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
        return f"known keys here: {', '.join(shown[:SHOWN])}{more}"


def _wrong_value(value: Any, kinds: str, choices: str) -> str | None:
    """What is wrong with a value of the right type, as `what (what it is); remedy`."""
    forms = [FORMS[kind] for kind in kinds.split("|") if kind in FORMS]
    if forms and isinstance(value, str) and not any(form.fits(value) for form in forms):
        return f"no {forms[0].name} (it is {value!r}); use one such as {forms[0].example}"
    least, most = _BOUNDS.get(kinds, (None, None))
    if bounds := _RANGE.fullmatch(choices):
        least, most = (int(text) if text else usual for text, usual in zip(bounds.groups(), (least, most), strict=True))
    if isinstance(value, int) and not ((least is None or least <= value) and (most is None or value <= most)):
        return f"out of bounds (it is {value}); use {_bounds(least, most)}"
    known = [] if bounds else re.findall(r"[^|\[\]\", ]+", choices)
    if not known:
        return None
    if isinstance(value, Mapping):
        unknown = next((key for key in value if key not in known), None)
        return None if unknown is None else f"unknown key {unknown!r}; use some of {', '.join(known)}"
    text = str(value).lower() if isinstance(value, bool) else value
    if isinstance(text, str) and text and text not in known:
        return f"unknown value (it is {value!r}); use {'one of ' if len(known) > 1 else ''}{', '.join(known)}"
    return None


def _bounds(least: int | None, most: int | None) -> str:
    if most is None or most >= 2**31 - 1:
        return f"{least} or more"
    return f"{least} to {most}" if least != most else str(most)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _kind(value: Any) -> str:
    """The first type of the schemas that a value is of."""
    return next((kind for kind, types in _TYPES.items() if type(value) in types), type(value).__name__)


def of_lines(lines: Iterable[str], *, fold: bool = False) -> KnownKeys:
    """The keys in lines of a path, a tab and its type."""
    return KnownKeys(dict(line.split("\t", 1) for line in lines), fold=fold)


@cache
def of_chart(file: str) -> KnownKeys:
    """The keys of a Helm chart, from `schemas/FILE`."""
    return of_lines(_lines(file))


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
    yield from (files(__package__) / "schemas" / file).read_text(encoding="utf-8").splitlines()
