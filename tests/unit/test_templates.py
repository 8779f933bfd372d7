"""The one way into templates/: nothing undefined, and markup escaped."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError, meta

from underlay.files import shipped
from underlay.templates import MARKUP, _environment, render


def test_a_value_that_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'width' is undefined"):
        render("svg/packets.svg", rows=[])


@pytest.mark.parametrize("name", sorted(_environment().list_templates(MARKUP)))
def test_markup_is_escaped(name: str) -> None:
    autoescape = _environment().autoescape
    assert callable(autoescape)
    assert autoescape(name)


def test_what_a_template_takes_from_another_exists() -> None:
    environment = _environment()
    names = environment.list_templates()
    for name in names:
        syntax = environment.parse((shipped("templates") / name).read_text())
        assert {n for n in meta.find_referenced_templates(syntax) if n} <= set(names)
