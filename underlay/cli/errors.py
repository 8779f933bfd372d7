"""How every command fails: a line for each problem, exit status 1, no traceback."""

from __future__ import annotations

from collections.abc import Iterable

import click


class Refused(click.ClickException):
    """Problems that the user can fix, each as `<where>: <what is wrong>; <remedy>`."""

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__("\n".join(problems))

    def show(self, file: object = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"underlay: {line}", err=True)
