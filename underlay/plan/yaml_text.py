"""YAML as a reviewer reads it and kubeadm does: in the order it was made, lines unfolded, no anchors."""

from __future__ import annotations

import yaml


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Text of several lines as a block."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def as_yaml(*documents: object) -> str:
    """The documents as one YAML stream."""
    return yaml.dump_all(documents, Dumper=_Plain, sort_keys=False, width=2**16, allow_unicode=True)
