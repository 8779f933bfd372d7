"""Documents as they have to be; `GOLDEN=update pytest tests/unit` writes them anew, and the diff is for review."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import yaml

DIRECTORY = Path(__file__).parent
UPDATE = os.environ.get("GOLDEN") == "update"


def golden(name: str, text: str) -> str:
    """The document of that name; written first when asked to."""
    path = DIRECTORY / name
    if UPDATE:
        path.write_text(text)
    return path.read_text() if path.exists() else f"there is no {path.name}; write it with GOLDEN=update\n"


class _Plain(yaml.SafeDumper):
    """Writes text of several lines as such, and everything in full."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def as_yaml(documents: Iterable[object]) -> str:
    """Documents as a reviewer wants to read them."""
    return yaml.dump_all(documents, Dumper=_Plain, sort_keys=False)
