"""Confirmation of what a command is about to interrupt or remove."""

from __future__ import annotations

import sys

import click

from .errors import Refused


def confirm(question: str, *, unattended: str) -> None:
    """Ask on the terminal; an answer other than yes ends the command.

    :param unattended: what would happen, as in "OPTION: does this": the refusal where there is no terminal.
    """
    if not sys.stdin.isatty():
        raise Refused([f"{unattended}, and there is no terminal to confirm it; add --yes"])
    click.confirm(question, abort=True, err=True)
