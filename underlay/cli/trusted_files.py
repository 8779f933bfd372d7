"""The table of what is downloaded, and who says what it has to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .table import show_table

if TYPE_CHECKING:
    from underlay.artifacts.artifact import TrustedFile

_SHOWN = 12


def show_trusted(files: Sequence[TrustedFile]) -> None:
    """Print a line for each file; nothing where all comes out of a bundle, whose files are named by their sha256."""
    if not files:
        return
    click.echo("downloads:")
    rows = [(one.path, f"{one.sha256[:_SHOWN]}…", one.by) for one in files]
    show_table(("file", "sha256", "trusted by"), rows)
