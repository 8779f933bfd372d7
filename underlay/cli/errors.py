"""How every command fails: a line for each problem, exit status 1, no traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click


class Refused(click.ClickException):
    """Problems that the user can fix, each as `<where>: <what is wrong>; <remedy>`."""

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__("\n".join(problems))

    def show(self, file: object = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"underlay: {line}", err=True)


def is_fixable(error: Exception) -> bool:
    """Whether a user can fix an error, so that its text is all there is to say."""
    # What these modules import takes longer than most commands.
    from underlay.artifacts.error import ArtifactError  # noqa: PLC0415
    from underlay.clouds.change import CloudError  # noqa: PLC0415
    from underlay.inventory.errors import InvalidInventory  # noqa: PLC0415
    from underlay.lab.model.errors import LabError  # noqa: PLC0415

    # Whoever contacts no host has not imported pyinfra, and need not.
    access = sys.modules.get("underlay.run.access_error")
    of_access = (access.AccessError,) if access else ()
    return isinstance(error, (ArtifactError, CloudError, InvalidInventory, LabError, *of_access))
