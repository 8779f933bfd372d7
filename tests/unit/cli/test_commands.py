"""Each command is listed by its name, and imports what it needs and nothing of the others."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from underlay.cli.main import cli

CONTEXT = click.Context(cli)
NAMES = cli.list_commands(CONTEXT)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_has_its_own_name(name: str) -> None:
    command = cli.get_command(CONTEXT, name)
    assert command is not None
    assert command.name == name


def test_an_unknown_command_is_none() -> None:
    assert cli.get_command(CONTEXT, "nope") is None


@pytest.mark.parametrize("arguments", [["kubectl"], ["lab", "ssh", "--help"]])
def test_what_starts_another_program_loads_none_of_the_large_libraries(arguments: list[str]) -> None:
    code = (
        f"import sys; from underlay.cli.main import cli; cli({arguments}, standalone_mode=False)"
        if arguments != ["kubectl"]
        else "import sys; import underlay.cli.kubectl, underlay.cli.main"
    )
    code += "; print([m for m in ('pydantic', 'rich', 'pyinfra', 'jinja2', 'yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
