"""Hosts that are leaving the cluster of an inventory: this process, and those that it starts, read it without them."""

from __future__ import annotations

import os
from collections.abc import Collection

_VARIABLE = "UNDERLAY_LEAVING"


def leaving() -> frozenset[str]:
    """Their names."""
    return frozenset(filter(None, os.environ.get(_VARIABLE, "").split(",")))


def read_without(names: Collection[str]) -> None:
    """Have inventories be read without these hosts from now on."""
    os.environ[_VARIABLE] = ",".join(sorted(names))
