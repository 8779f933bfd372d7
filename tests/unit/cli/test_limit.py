"""`--limit` is the same in every command that has it: an unknown host is refused before anybody is contacted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from underlay.files import shipped

ROOT = shipped("deploy.py").parent
PLAIN = """\
control_plane = [("cp-1", {"address": "192.0.2.11", "ssh_hostname": "192.0.2.11"})]
workers = [("w-1", {"address": "192.0.2.21", "ssh_hostname": "192.0.2.21"})]
everything = ([*control_plane, *workers], {"network": {"mode": "none"}})
"""


@pytest.mark.parametrize("command", ["certificates", "deploy", "plan", "preflight", "verify"])
def test_an_unknown_host_is_one_line_with_the_nearest_name(command: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLAIN)
    for name in ("deploy.py", "config.py", "tasks"):
        (tmp_path / name).symlink_to(ROOT / name)
    arguments = [command, "mine.py", "--limit", "w-1", "--limit", "cp1"]
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("underlay")), *arguments],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    lines = [line for line in ran.stderr.splitlines() if line.startswith("underlay: ")]
    assert (ran.returncode, lines) == (1, ["underlay: --limit: unknown host 'cp1'; did you mean cp-1?"])
    assert "Connecting" not in ran.stderr
