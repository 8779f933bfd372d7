"""A mode with settings: the modes as they are, and with single settings turned where that serves better."""

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

# More settings than this are nobody's recommendation.
TURNS = 3


@dataclass(frozen=True)
class Candidate:
    """`examples` are settings of which the site has to state its own: names, ranges, keys."""

    network: Network
    settings: Mapping[str, Any]
    examples: frozenset[str]

    @property
    def mode(self) -> str:
        return self.network.mode

    @property
    def turned(self) -> tuple[str, ...]:
        """Settings that differ from the mode as it is."""
        return tuple(name for name in self.settings if name not in self.examples)


def as_it_is(mode: str) -> Candidate:
    example = modes()[mode].example()
    return Candidate(modes()[mode].model_validate(example), example, frozenset(example))


def best_of(mode: str, reasons: Callable[[Candidate], list[str]]) -> tuple[Candidate, list[str]]:
    """The mode, with as few settings turned as it takes to leave the fewest reasons against it; and those."""
    found = as_it_is(mode)
    against = reasons(found)
    for _ in range(TURNS if against else 0):
        best, fewest = found, against
        for candidate in _turned(found):
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
    """How many settings are set in this mode otherwise than in most modes of its plugin: the plainest has none."""
    family = [kind for name, kind in modes().items() if plugin_of(name) == plugin_of(mode)]
    defaults = [{name: repr(field.default) for name, field in kind.model_fields.items()} for kind in family]
    own = {name: repr(field.default) for name, field in modes()[mode].model_fields.items()}
    usual = {name: Counter(d.get(name) for d in defaults).most_common(1)[0][0] for name in own}
    return sum(own[name] != usual[name] for name in own)


def _turned(candidate: Candidate) -> Iterator[Candidate]:
    """The candidate with one more setting turned; with a key from elsewhere where it takes one."""
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
