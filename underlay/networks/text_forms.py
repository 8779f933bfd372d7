"""Forms that a text in the configuration of a Kubernetes component has to have."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network


@dataclass(frozen=True)
class TextForm:
    """`name` is what such a text is called, `example` one of them."""

    name: str
    example: str
    fits: Callable[[str], bool]


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_subnet(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


_QUANTITY = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?"
_PERCENT = r"[0-9]+(\.[0-9]+)?%"

FORMS = {
    # Go's time.ParseDuration.
    "duration": TextForm(
        "duration", "1m30s", _matching(r"[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)")
    ),
    # k8s.io/apimachinery v0.37.2, pkg/api/resource.
    "quantity": TextForm("quantity", "500Mi", _matching(_QUANTITY)),
    "threshold": TextForm("quantity or percentage", "500Mi or 5%", _matching(f"{_QUANTITY}|{_PERCENT}")),
    "percent": TextForm("percentage", "50%", _matching(_PERCENT)),
    "address": TextForm("IP address", "192.0.2.1", _is_address),
    "subnet": TextForm("subnet", "192.0.2.0/24", _is_subnet),
    "primary": TextForm("the word primary", "primary", lambda text: text == "primary"),
}
