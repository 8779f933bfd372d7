"""Values as Go and Kubernetes write them in a text: durations in seconds, quantities as numbers."""

from __future__ import annotations

import re
from decimal import Decimal

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_QUANTITY = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?")
_SUFFIXES = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: dict[str, int] = {f"{letter}i": 1024**power for power, letter in enumerate("KMGTPE", start=1)}


def duration_s(text: object) -> float | None:
    """Seconds of a duration such as `1m30s`, negative where it begins with -; None where it is none."""
    if not isinstance(text, str):
        return None
    body = text.lstrip("+-")
    parts = _DURATION.findall(body)
    if body != "0" and (not parts or "".join(map("".join, parts)) != body):
        return None
    total = sum(float(number) * _UNITS_S[unit] for number, unit in parts)
    return -total if text.startswith("-") else total


def amount(value: object) -> Decimal | None:
    """The number that a quantity such as `500Mi` or `100m` is; None where it is none."""
    found = _QUANTITY.fullmatch(str(value)) if isinstance(value, (str, int)) else None
    if found is None:
        return None
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix in _BINARY:
        return number * Decimal(_BINARY[suffix])
    power = int(suffix[1:]) if suffix[:1] in "eE" and suffix[1:] else _SUFFIXES.get(suffix, 0)
    return number * Decimal(f"1e{power}")
