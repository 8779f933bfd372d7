"""YAML is the same to the byte, whichever emitter writes it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import yaml

from underlay.plan import yaml_text
from underlay.plan.yaml_text import as_yaml

SIGNS = "ab 1-:#,[]{}&*!|>'\"%@`\n\t\\.~=<?0e/_\x01\x7f"
ODD_KEYS = (
    "true",
    "null",
    "1",
    "1.5",
    "0x1",
    "-",
    "--",
    "---",
    "...",
    ".",
    "y",
    "on",
    "2020-01-01",
    "1e3",
    ".inf",
    "",
    " ",
    "?",
    "ü",
)
WORDS = "word " * 20_000


def text(random: Random) -> str:
    length = random.choice([0, 1, 2, 3, 8, 60, 127, 128, 129, 300])
    return "".join(random.choice(SIGNS) for _ in range(length))


def key(random: Random) -> str:
    return random.choice(ODD_KEYS) if random.random() < 0.3 else "k" * random.choice([1, 9, 99, 127, 128, 129, 200])


def value(random: Random, depth: int = 0) -> Any:
    kind = random.random()
    if depth < 4 and kind < 0.3:
        return {key(random): value(random, depth + 1) for _ in range(random.randrange(4))}
    if depth < 4 and kind < 0.5:
        return [value(random, depth + 1) for _ in range(random.randrange(4))]
    if kind < 0.6:
        return random.choice(
            [None, True, False, 0, -5, 10**30, 1.5, float("inf"), float("nan"), 1e300, b"\xff", "\n", "é", "\ud800"]
        )
    return text(random)


def by_python(*documents: object) -> str:
    return yaml.dump_all(documents, Dumper=yaml_text._Plain, sort_keys=False, width=2**16, allow_unicode=True)


def test_both_emitters_write_the_same() -> None:
    random = Random(1)  # noqa: S311
    documents = [{"k": value(random), "l": value(random)} for _ in range(500)]
    assert [d for d in documents if as_yaml(d) != by_python(d)] == []
    # Both were used, each often.
    assert 100 < sum(map(yaml_text._alike, documents)) < 400


@pytest.mark.parametrize(
    "document", [{"k": WORDS}, [WORDS], "text", "\n", {"k": "😀"}, {"k": "line\n\n"}, {"k" * 128: "v"}, {1: 2}]
)
def test_what_they_write_differently_is_written_as_ever(document: object) -> None:
    assert as_yaml(document) == by_python(document)
