"""What an option names is written, or refused in one line that says which option."""

from __future__ import annotations

from pathlib import Path

import pytest

from underlay.cli.errors import Refused
from underlay.cli.output_file import write_output


def test_a_file_is_written(tmp_path: Path) -> None:
    write_output("--page", tmp_path / "page.html", "<html>")
    assert (tmp_path / "page.html").read_text() == "<html>"


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as error:
        write_output("--page", f"{tmp_path}/none/page.html", "<html>")
    assert error.value.message == (
        f"--page: {tmp_path}/none/page.html cannot be written (No such file or directory); name another file"
    )
