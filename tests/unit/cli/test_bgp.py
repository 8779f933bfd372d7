"""`underlay bgp` where no host is contacted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("what", "expected"),
    [(["--peers"], "64513"), (["--config", "frr"], "every router is managed"), (["--picture", "peers.svg"], "64513")],
)
def test_needs_no_artifacts(what: list[str], expected: str, tmp_path: Path) -> None:
    """What is declared can be shown while nothing is built yet."""
    code = "from underlay.cli.main import main; main()"
    words = [str(tmp_path / word) if word.endswith(".svg") else word for word in what]
    ran = subprocess.run(
        [sys.executable, "-c", code, "bgp", "inventories/lab_bgp.py", *words],
        env={**os.environ, "UNDERLAY_HOME": str(tmp_path / "nothing")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    shown = ran.stdout or (tmp_path / "peers.svg").read_text(encoding="utf-8")
    assert expected in shown
