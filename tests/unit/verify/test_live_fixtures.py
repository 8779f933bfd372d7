"""The checks of a verification find every fixture that they name."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from tests.live import conftest

CHECKS = sorted(p.stem for p in Path(conftest.__file__).parent.glob("test_*.py"))
# What pytest_generate_tests gives them, and pytest itself.
GIVEN = {"node", "resource", "check", "session", "cluster_case", "path", "hostname", "request"}


@pytest.mark.parametrize("name", CHECKS)
def test_every_fixture_of_a_check_is_there(name: str) -> None:
    module = import_module(f"tests.live.{name}")
    own = {n for n, f in vars(module).items() if type(f).__name__ == "FixtureFunctionDefinition"}
    for function in (f for n, f in vars(module).items() if n.startswith("test_")):
        marks = [m for m in getattr(function, "pytestmark", ()) if m.name == "parametrize"]
        parameters = {
            p.strip() for m in marks for p in (m.args[0].split(",") if isinstance(m.args[0], str) else m.args[0])
        }
        named = set(inspect.signature(function).parameters) - parameters
        assert named <= set(conftest.__all__) | GIVEN | own
