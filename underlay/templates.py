"""Text that is not data, from `templates/`: pages, pictures, configuration files."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from markupsafe import Markup

from .files import shipped

if TYPE_CHECKING:
    from jinja2 import Environment

# Files with markup: what is put into them is escaped. In every other file it stands as it is.
MARKUP = ("html", "svg")


def render(name: str, /, **values: Any) -> str:
    """The template below `templates/` with the values in it.

    :raises jinja2.UndefinedError: when it names a value that is not given.
    """
    return _environment().get_template(name).render(values)


def source(name: str) -> str:
    """A file below `templates/` that is used as it stands, such as a stylesheet."""
    return shipped(f"templates/{name}").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    # Commands that render nothing start sooner without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=select_autoescape(MARKUP, default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(text=_text, attribute=_attribute)
    return environment


def _text(words: str) -> Markup:
    """Escaped as far as text between tags has to be: quotes stay as they are."""
    return Markup(escape(words))  # noqa: S704


def _attribute(words: str) -> Markup:
    """Escaped as far as a value in double quotes has to be."""
    return Markup(escape(words, {'"': "&quot;"}))  # noqa: S704
