"""What is wrong with an inventory file itself is one line with its place, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from underlay.run.inventory_file import group_problems

SHARED = 'S = {"network": {"mode": "none"}, "address": "192.0.2.1"}\n'
# pyinfra's own command patches the process it is imported into.
LOADS = """\
import json, sys
from underlay.inventory.errors import InvalidInventory
from underlay.run.read_inventory import load
try:
    print(json.dumps({"hosts": [host.name for host in load(sys.argv[1])]}))
except InvalidInventory as error:
    print(json.dumps({"problems": error.problems}))
"""


def loaded(path: Path, text: bytes | str) -> dict[str, list[str]]:
    path.write_bytes(text if isinstance(text, bytes) else (SHARED + text).encode())
    done = subprocess.run(
        [sys.executable, "-c", LOADS, str(path)], capture_output=True, encoding="utf-8", cwd=path.parent, check=True
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def problems(path: Path, text: bytes | str) -> list[str]:
    return loaded(path, text)["problems"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("control_plane = [", "SyntaxError: '[' was never closed (line 2); correct the file"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module' (line 2); correct the file"),
        ("control_plane = [x]", "NameError: name 'x' is not defined (line 2); correct the file"),
        ('raise RuntimeError("two\\nlines")', "RuntimeError: two lines (line 2); correct the file"),
        ("raise KeyError", "KeyError (line 2); correct the file"),
        (
            b"# caf\xe9\n",
            "is not UTF-8 ('utf-8' codec can't decode byte 0xe9 in position 5: invalid continuation byte)",
        ),
        (b"a\0b\n", "SyntaxError: source code string cannot contain null bytes; correct the file"),
    ],
)
def test_a_file_that_does_not_run_is_told_with_its_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    (line,) = problems(tmp_path / "site.py", text)
    assert line.startswith(f"inventory: {tmp_path / 'site.py'}: {said}")


def test_a_file_of_variables_that_does_not_run_is_told_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "group_data").mkdir()
    (tmp_path / "group_data/all.py").write_text("path_mtu = 1500\nkubelet = {**swap}\n")
    (line,) = problems(tmp_path / "site.py", 'control_plane = [("cp-1", S)]')
    where = tmp_path / "group_data/all.py"
    assert line == f"inventory: {where}: NameError: name 'swap' is not defined (line 2); correct the file"


@pytest.mark.parametrize(
    "host", [("cp-1",), ("cp-1", None), ("cp-1", [1]), "", ("w-1", {}, 3), 5, None, ["cp-1"], (), {"name": "cp-1"}]
)
def test_what_is_no_host_is_told_with_its_group(host: object) -> None:
    (line,) = group_problems({"control_plane": ["cp-9", host]})
    assert (
        line == f'inventory: control_plane: no host (it is {host!r}); a host is its name, or ("w-1", {{"address": …}})'
    )


def test_a_host_that_a_group_names_twice_is_not_the_last_of_the_two(tmp_path: Path) -> None:
    text = 'control_plane = [("cp-1", S), ("cp-1", {**S, "address": "192.0.2.9"})]\nworkers = (["w-1", "w-1"], S)'
    assert problems(tmp_path / "site.py", text) == [
        "control_plane.cp-1: the host is listed twice; name it once, with all of its variables",
        "workers.w-1: the host is listed twice; name it once, with all of its variables",
    ]


def test_a_file_that_runs_is_read(tmp_path: Path) -> None:
    text = '# für München\ncontrol_plane = [("cp-1", S)]\nworkers = (["w-1"], S)\n'
    assert loaded(tmp_path / "site.py", text) == {"hosts": ["cp-1", "w-1"]}
