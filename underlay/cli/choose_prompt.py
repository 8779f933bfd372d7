"""The prompts of `underlay choose`."""

from __future__ import annotations

import sys
from enum import Enum
from typing import Any

import click

from underlay.catalog.site import QUESTIONS, SiteAnswers, SiteQuestion

from .kernel_option import KERNEL


def is_interactive() -> bool:
    """Whether there is a terminal to answer prompts."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def prompt_for_rest(given: dict[str, Any], known: SiteAnswers) -> dict[str, Any]:
    """The given answers, and those that the user is prompted for."""
    found = dict(given)
    for question in QUESTIONS:
        if question.field not in found:
            found[question.field] = _prompt(question, getattr(known, question.field))
    # Never prompted for: it has an option of its own.
    return {"path_mtu": known.path_mtu, **found}


def _prompt(question: SiteQuestion, default: Any) -> Any:
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
