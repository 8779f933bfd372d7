"""How invalid input is reported: every problem at once, one line each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from rapidfuzz import fuzz, process

# Names of variables whose values are not shown, and user:password in a URL, or in what should have been one.
_SECRET = re.compile("pass|secret|token|key|auth|credential|psk", re.IGNORECASE)
_CREDENTIALS = re.compile(r"((?:^|://)(?!\w+://)[^/@\s:]*):.*@", re.DOTALL)


class InvalidInventory(Exception):
    """The inventory cannot be deployed; `problems` are lines `<where>: <what is wrong> (<what it is>); <remedy>`."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(map(printable, problems))
        super().__init__("\n".join(self.problems))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, whatever its case and dashes; None when none is similar."""
    found = process.extractOne(_plain(name), {k: _plain(k) for k in known}, scorer=fuzz.ratio, score_cutoff=60)
    return None if found is None else str(found[2])


def unknown(where: str, name: str, known: Iterable[str], *, what: str) -> str:
    """The line for an unknown name, with the nearest known one, or all of them."""
    known = sorted(known)
    meant = nearest(name, known)
    choices = f"known are {', '.join(known)}" if known else "there are none"
    remedy = f"did you mean {meant}?" if meant else choices
    return f"{where}: unknown {what} {show(name)}; {remedy}"


def from_validation(
    error: ValidationError,
    *,
    prefix: str,
    known: Iterable[str],
    retired: Mapping[str, str] = MappingProxyType({}),
    depth: int = 1,
) -> list[str]:
    """The lines for what pydantic found; `prefix` is the path of the model in the inventory.

    :param depth: how far into the model a line points: 1 names a field, 3 also the field of a member of it.
    :param retired: settings of earlier versions -> what replaces them.
    """
    lines: dict[str, str] = {}
    for item in error.errors(include_url=False):
        path = [str(part) for part in item["loc"]]
        where = ".".join(filter(None, [prefix, *path[:depth]]))
        if item["type"] == "extra_forbidden" and path[-1] in retired:
            line = f"{where}: is out of date; {retired[path[-1]]}"
        elif item["type"] == "extra_forbidden":
            line = unknown(where, path[-1], known, what="variable")
        elif item["type"] == "missing":
            where = ".".join(filter(None, [prefix, *path]))
            line = f"{where}: is missing; set it"
        else:
            message = item["msg"].removeprefix("Value error, ")
            shown = "not shown" if any(map(_SECRET.search, path)) else f"it is {show(item['input'])}"
            line = f"{where}: {message[:1].lower()}{message[1:]} ({shown})"
        # A union reports once for each of its members; one line is enough.
        lines.setdefault(where, line)
    return list(lines.values())


def show(value: Any) -> str:
    """A value as one short line of printable text, without what may be a secret."""
    try:
        text = printable(repr(_without_secrets(value)))
    except Exception:  # a value's own repr may raise anything, and so does that of an integer of thousands of digits
        text = f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= 60 else text[:57] + "..."


def printable(text: str) -> str:
    """Text with its control characters and the like escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _without_secrets(value: Any, depth: int = 5) -> Any:
    if isinstance(value, str):
        return _CREDENTIALS.sub(r"\1:…@", value)
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {k: "…" if _SECRET.search(str(k)) else _without_secrets(v, depth - 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_without_secrets(v, depth - 1) for v in value])
    return value


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
