"""A passphrase: from a file, or asked for on the terminal; never an argument, which all processes could read."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .errors import Refused


def passphrase_of(file: Path | None, *, confirm: bool, instead: str) -> str:
    """
    :param file: whose first line it is. :param confirm: whether it has to be typed twice.
    :param instead: the options to give where there is no terminal.
    :raises Refused: when there is none.
    """
    if file is None:
        if not sys.stdin.isatty():
            raise Refused([f"there is no terminal to ask for a passphrase on; add {instead}"])
        return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True))
    try:
        found = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused([f"--passphrase-file: {file} cannot be read ({error})"]) from None
    if not found or not found[0]:
        raise Refused([f"--passphrase-file: the first line of {file} is empty"])
    return found[0]
