"""How every command fails: one line a problem, exit status 1, no traceback."""

from __future__ import annotations

from collections.abc import Iterable

import click


class Refused(click.ClickException):
    """Something the user can put right."""

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__("\n".join(problems))

    def show(self, file: object = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"underlay: {line}", err=True)
