"""Documents as a reviewer wants to read them: YAML in the order it was made, text of several lines as such."""

from __future__ import annotations

from collections.abc import Iterable

import yaml


class _Plain(yaml.SafeDumper):
    """Everything in full: no anchors, no folded lines."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def as_yaml(*documents: object) -> str:
    """The documents as one YAML text."""
    return _stream(documents)


def _stream(documents: Iterable[object]) -> str:
    return yaml.dump_all(documents, Dumper=_Plain, sort_keys=False, width=2**16, allow_unicode=True)
