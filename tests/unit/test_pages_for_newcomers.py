"""The pages that say how to add something, followed literally in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RENDERED = "tests/unit/golden/rendered"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# What looks at all modes at once; the tests of each mode are found by its name.
ALL_MODES = (
    "tests/unit/test_house.py",
    "tests/unit/catalog/test_comparison.py",
    "tests/unit/catalog/test_pictures.py",
    "tests/unit/cli/test_networks.py",
    "tests/unit/networks/flannel/test_flannel.py",
    "tests/unit/plan/test_rendered_modes.py::test_no_document_of_a_mode_that_is_gone_is_kept",
)


@dataclass(frozen=True)
class Checkout:
    """A copy of the checkout, with its own virtual environment as far as `make` can tell."""

    root: Path

    def run(self, command: str) -> None:
        """A command of a page, or another, that has to succeed."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "UNDERLAY_", "GOLDEN"))}
        environment |= {"PYTHONPATH": str(self.root)}
        ran = subprocess.run(
            ["bash", "-c", command], cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"

    def follow(self, page: str) -> list[str]:
        """Do what a page says: its files, its changes, its commands but the last. The files that it has one write."""
        written = []
        for language, text, where in blocks((ROOT / page).read_text()):
            if language == "python":
                assert not (self.root / where).exists()
                (self.root / where).write_text(text)
                written.append(where)
            elif language == "diff":
                (self.root / "page.diff").write_text(text)
                self.run("git apply page.diff && rm page.diff")
            elif language == "sh":
                *commands, last = text.splitlines()
                assert last == "make check"
                for command in commands:
                    self.run(command)
        return written

    def changed(self) -> set[str]:
        """The files that are not as in the checkout, or not there."""
        return {name for name in self.files() if not (ROOT / name).exists() or not cmp(self.root / name, ROOT / name)}

    def files(self) -> Iterator[str]:
        made = re.compile(r"\.git|\.venv|\.hypothesis|\..*_cache|__pycache__")
        for path in self.root.rglob("*"):
            name = path.relative_to(self.root)
            if path.is_file() and not any(made.fullmatch(part) for part in name.parts):
                yield str(name)


def blocks(page: str) -> Iterator[tuple[str, str, str]]:
    """The blocks of a page: language, text, and the file that was named last."""
    page = re.sub(r"<!-- .*? -->\n", "", page, flags=re.DOTALL)
    for block in BLOCK.finditer(page):
        named = re.findall(r"`([\w/]+\.py)`", page[: block.start()])
        yield block[1], block[2], named[-1] if named else ""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            # With its time, by which bytecode is that of a file.
            shutil.copy2(ROOT / name, tmp_path / name)
    for folder in {(ROOT / name).parent for name in names if name.endswith(".py")}:
        for compiled in (folder / "__pycache__").glob("*.pyc"):
            target = tmp_path / compiled.relative_to(ROOT)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(compiled, target)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / ".venv/.installed").touch()
    return Checkout(tmp_path)


def test_a_mode_is_one_file_and_its_test(checkout: Checkout) -> None:
    written = checkout.follow("docs/add-a-mode.md")
    assert written == [
        "underlay/networks/flannel/vxlan_gbp.py",
        "tests/unit/networks/flannel/test_vxlan_gbp.py",
    ]
    by_command = {name for name in checkout.changed() if name not in written}
    assert {n for n in by_command if not n.startswith("docs/")} == {"README.md", f"{RENDERED}/flannel-vxlan-gbp.txt"}
    checkout.run(".venv/bin/ruff format --check -q . && .venv/bin/ruff check -q .")
    checkout.run(f".venv/bin/pytest -q {' '.join(ALL_MODES)}")
    checkout.run(".venv/bin/pytest -q tests/unit -k 'vxlan-gbp or vxlan_gbp'")


def test_a_kind_of_resource_is_one_file_its_test_and_a_line(checkout: Checkout) -> None:
    written = checkout.follow("docs/add-a-resource.md")
    assert written == ["underlay/resources/group.py", "tests/unit/resources/test_group.py"]
    by_command = {name for name in checkout.changed() if name not in written}
    assert by_command == {"underlay/plan/host_prerequisites.py", f"{RENDERED}/common.txt"}
    checkout.run(".venv/bin/ruff format --check -q . && .venv/bin/ruff check -q .")
    checkout.run(f".venv/bin/pytest -q {written[1]} tests/unit/plan/test_host_plan.py")
