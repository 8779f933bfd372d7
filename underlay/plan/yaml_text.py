"""YAML as a reviewer reads it and kubeadm does: in the order it was made, lines unfolded, no anchors."""

from __future__ import annotations

import re

import yaml

_KEY = re.compile(r"[A-Za-z0-9._/-]{1,100}")
_LONG = 2**15


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


class _Quick(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """The same by libyaml, in a fifth of the time."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Text of several lines as a block."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)
_Quick.add_representer(str, _text)


def as_yaml(*documents: object) -> str:
    """The documents as one YAML stream."""
    quick = all(isinstance(document, dict) and _alike(document) for document in documents)
    dumper = _Quick if quick else _Plain
    return yaml.dump_all(documents, Dumper=dumper, sort_keys=False, width=2**16, allow_unicode=True)


def _alike(value: object) -> bool:
    """Whether libyaml writes it to the byte as Python's emitter does.

    They differ in long and odd keys, lines that are folded, what is not ASCII, and the mark after a kept last line.
    """
    if isinstance(value, str):
        return value.isascii() and len(value) < _LONG and value != "\n" and not value.endswith("\n\n")
    if isinstance(value, dict):
        return all(isinstance(k, str) and _KEY.fullmatch(k) and _alike(v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return all(map(_alike, value))
    return value is None or isinstance(value, int | float)
