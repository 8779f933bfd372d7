"""What `underlay choose` learns of an inventory's hosts: what they do not answer is not taken for missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.clusters import cluster
from underlay.cli import inventory
from underlay.cli.choose_inventory import query_hosts
from underlay.inventory.errors import InvalidInventory
from underlay.run import privilege


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the one host prints; a test fills it."""
    lines: list[str] = []
    host = SimpleNamespace(name="w-1")
    monkeypatch.setattr(privilege, "run_as_root", lambda *_: (0, "\n".join(lines).encode(), b""))

    @contextmanager
    def answering(*_: Any, **__: Any) -> Iterator[list[Any]]:
        yield [host]

    monkeypatch.setattr(inventory, "answering", answering)
    return lines


def reply(kernel: str, *modules: str) -> list[str]:
    return [
        line for number, said in enumerate((kernel, *modules)) for line in (f"@{number} {said}", "", f"@{number}=0 ")
    ]


def test_a_kernel_and_its_missing_modules_are_learned(output: list[str]) -> None:
    output += reply("6.12.1-amd64", "missing", *["loaded"] * 40)
    release, missing = query_hosts("x", cluster())
    assert (release, list(missing.values())) == ((6, 12), ["w-1"])


@pytest.mark.parametrize("lines", [[], ["Welcome"], reply("6.12.1-amd64"), reply("", *["loaded"] * 40)])
def test_a_host_that_does_not_answer_everything_is_no_base_for_a_choice(output: list[str], lines: list[str]) -> None:
    output += lines
    with pytest.raises(InvalidInventory) as raised:
        query_hosts("x", cluster())
    assert all(line.startswith("w-1: could not be asked ") for line in raised.value.problems)
