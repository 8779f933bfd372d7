"""The registry of modes: every module below this package that defines a Network with a data path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import MappingProxyType
from typing import cast

from underlay import networks

from .network import Network


@cache
def modes() -> Mapping[str, type[Network]]:
    """Mode name -> class, in alphabetical order. `plugin/some_mode.py` is the mode "plugin-some-mode"."""
    found = {name: mode for name, module in _modules() if (mode := _defined(name, module))}
    return MappingProxyType(dict(sorted(found.items())))


@cache
def mode_named(name: str) -> type[Network] | None:
    """One mode, or None if there is no mode of that name. Imports no other mode: a deploy needs one only."""
    return next((_defined(name, module) for known, module in _modules() if known == name), None)


def _modules() -> Iterator[tuple[str, str]]:
    """Each module, with the name that a mode in it has."""
    for module in walk_packages(networks.__path__, networks.__name__ + "."):
        path = module.name.removeprefix(networks.__name__ + ".")
        yield path.replace(".", "-").replace("_", "-"), module.name


def _defined(name: str, module: str) -> type[Network] | None:
    for value in vars(import_module(module)).values():
        own = isinstance(value, type) and issubclass(value, Network) and value.__module__ == module
        if own and "data_path" in vars(value):
            value.mode = name
            return cast(type[Network], value)
    return None


@cache
def retired() -> Mapping[str, str]:
    """Mode names that are out of date -> what to use instead, for all plugins."""
    found: dict[str, str] = {}
    for mode in modes().values():
        found |= mode.retired_modes
    return MappingProxyType(found)
