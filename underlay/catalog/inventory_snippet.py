"""A recommendation as lines of an inventory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from .recommendation import Fit

# Variables that every inventory has to set itself.
_EXAMPLES = {"bgp": "your own AS numbers and routers", "cloud": "your own project or route tables"}


def inventory_lines(fit: Fit, *, stated: frozenset[str] = frozenset()) -> list[str]:
    """Lines of Python, each a variable for all hosts.

    :param stated: variables that the inventory already has, which stay as they are.
    """
    lines = []
    if own := sorted(fit.candidate.examples):
        lines.append(f"# set your own: {', '.join(own)}")
    lines.append(f"network = {_python({'mode': fit.mode, **_shown(fit)})}")
    if fit.engine and "network_policy" not in stated:
        lines.append(f"network_policy = {_python({'engine': fit.engine})}")
    for name, value in fit.shape.more.items():
        if name not in stated and (name != "bgp" or _needs_bgp(fit)):
            lines += [f"# an example, set {_EXAMPLES[name]}"] if name in _EXAMPLES else []
            lines.append(f"{name} = {_python(value)}")
    return lines


def _needs_bgp(fit: Fit) -> bool:
    network = fit.candidate.network
    return network.peers_with_routers or bool(network.problems(replace(fit.shape.cluster, bgp=None)))


def _shown(fit: Fit) -> dict[str, Any]:
    """The settings, with secrets as an ellipsis."""
    network = fit.candidate.network
    secret = {name for name in type(network).model_fields if isinstance(getattr(network, name), SecretStr)}
    return {name: "…" if name in secret else value for name, value in fit.candidate.settings.items()}


def _python(value: Any) -> str:
    """A literal, with double quotes as inventories have them."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_python(key)}: {_python(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(_python, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False)
