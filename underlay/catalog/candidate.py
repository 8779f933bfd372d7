"""A mode with settings: with its defaults, or with single settings changed where that serves a site better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr, ValidationError

from underlay.networks.network import Network
from underlay.networks.registry import modes

from .comparison import plugin_of

# A recommendation changes no more settings than this.
MAX_CHANGES = 3


@dataclass(frozen=True)
class Candidate:
    """`examples` are settings that every site has to set itself: names, ranges, keys."""

    network: Network
    settings: Mapping[str, Any]
    examples: frozenset[str]

    @property
    def mode(self) -> str:
        return self.network.mode

    @property
    def changed(self) -> tuple[str, ...]:
        """Settings that differ from the mode's defaults."""
        return tuple(name for name in self.settings if name not in self.examples)


def unchanged_mode(mode: str) -> Candidate:
    """The mode with its defaults, and its example for settings that have none."""
    example = modes()[mode].example()
    return Candidate(modes()[mode].model_validate(example), example, frozenset(example))


def best_of(mode: str, reasons: Callable[[Candidate], list[str]]) -> tuple[Candidate, list[str]]:
    """The mode with as few settings changed as leave the fewest reasons against it, and those reasons."""
    found = unchanged_mode(mode)
    against = reasons(found)
    for _ in range(MAX_CHANGES if against else 0):
        best, fewest = found, against
        for candidate in _with_one_change(found):
            if len(left := reasons(candidate)) < len(fewest):
                best, fewest = candidate, left
            if not fewest:
                break
        if best is found:
            break
        found, against = best, fewest
    return found, against


@cache
def oddness(mode: str) -> int:
    """How many defaults of this mode differ from those of most modes of its plugin: the plainest has none."""
    family = [kind for name, kind in modes().items() if plugin_of(name) == plugin_of(mode)]
    defaults = [{name: repr(field.default) for name, field in kind.model_fields.items()} for kind in family]
    own = {name: repr(field.default) for name, field in modes()[mode].model_fields.items()}
    usual = {name: Counter(d.get(name) for d in defaults).most_common(1)[0][0] for name in own}
    return sum(own[name] != usual[name] for name in own)


def _with_one_change(candidate: Candidate) -> Iterator[Candidate]:
    """The candidate with one more setting changed; with an example key where that needs one."""
    kind = type(candidate.network)
    for name, values in _switches(kind).items():
        for value in values:
            if name in candidate.settings or value == getattr(candidate.network, name):
                continue
            for keys in ({}, _keys(candidate.mode)):
                examples = {k: v for k, v in keys.items() if k not in candidate.settings}
                settings = {**candidate.settings, name: value, **examples}
                try:
                    network = kind.model_validate(settings)
                except ValidationError:
                    continue
                yield Candidate(network, settings, candidate.examples | frozenset(examples))


@cache
def _switches(kind: type[Network]) -> Mapping[str, tuple[Any, ...]]:
    """Settings with few values: yes and no, or one of a list."""
    found = {name: tuple(_values(field.annotation)) for name, field in kind.model_fields.items()}
    return {name: values for name, values in found.items() if values}


def _values(annotation: Any) -> Iterator[Any]:
    if annotation is bool:
        yield from (True, False)
    elif get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from annotation
    elif get_origin(annotation) in (Union, UnionType):
        for inner in get_args(annotation):
            if inner is not NoneType:
                yield from _values(inner)


@cache
def _keys(mode: str) -> Mapping[str, Any]:
    """Secrets that the examples of the plugin's modes state, for settings that this mode has too."""
    kind = modes()[mode]
    found: dict[str, Any] = {}
    for name, other in modes().items():
        if plugin_of(name) == plugin_of(mode):
            found |= {k: v for k, v in other.example().items() if _is_secret(kind, k)}
    return found


def _is_secret(kind: type[Network], name: str) -> bool:
    field = kind.model_fields.get(name)
    return field is not None and SecretStr in (field.annotation, *get_args(field.annotation))
