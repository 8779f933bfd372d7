"""`underlay deploy`: what it needs is there before pyinfra starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from underlay.cli.deploy import deploy_command
from underlay.inventory.errors import InvalidInventory


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ((), "inventory: mine.py does not exist; name an inventory file"),
        (("mine.py",), "deploy.py: is not in this directory; change to your project, or create one: underlay init DIR"),
    ],
)
def test_a_missing_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in files:
        (tmp_path / name).touch()
    error = CliRunner().invoke(deploy_command, ["mine.py"], standalone_mode=False).exception
    assert isinstance(error, InvalidInventory)
    assert list(error.problems) == [problem]
