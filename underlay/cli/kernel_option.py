"""A kernel version as an option of the command line."""

from __future__ import annotations

import re
from typing import Any

import click


class Kernel(click.ParamType):  # type: ignore[type-arg]
    """`5.15` or a whole release (`6.1.0-18-amd64`) -> (5, 15)."""

    name = "x.y"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value[0], value[1]
        found = re.match(r"(\d{1,4})\.(\d{1,4})", str(value))
        if not found:
            self.fail(f"{value!r} is not a kernel version; state one like 5.15", param, ctx)
        return int(found[1]), int(found[2])


KERNEL = Kernel()
