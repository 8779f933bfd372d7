"""The questions of `underlay choose`, put to whoever sits at the terminal."""

from __future__ import annotations

import sys
from enum import Enum
from typing import Any

import click

from underlay.catalog.site import QUESTIONS, SiteAnswers, SiteQuestion

from .kernel_option import KERNEL


def is_conversation() -> bool:
    """Whether anybody is there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def asked_of_a_person(given: dict[str, Any], known: SiteAnswers) -> dict[str, Any]:
    """What was given, and the answers to the rest."""
    found = dict(given)
    for question in QUESTIONS:
        if question.field not in found:
            found[question.field] = _ask(question, getattr(known, question.field))
    # Not asked of anybody: those who know another one say so.
    return {"path_mtu": known.path_mtu, **found}


def _ask(question: SiteQuestion, default: Any) -> Any:
    if isinstance(default, bool):
        return click.confirm(question.words, default=default)
    if question.meaning:
        click.echo(f"  ({question.meaning})")
    if isinstance(default, Enum):
        choices = click.Choice([member.value for member in type(default)])
        return click.prompt(question.words, type=choices, default=default.value, show_choices=False)
    if isinstance(default, tuple):
        return click.prompt(question.words, type=KERNEL, default=".".join(map(str, default)))
    return click.prompt(question.words, type=click.IntRange(1), default=default)
