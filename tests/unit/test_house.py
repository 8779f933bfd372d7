"""What the house promises of itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from underlay.artifacts.catalog import image_entry, pinned_version
from underlay.networks.flannel import flannel
from underlay.networks.registry import modes

ROOT = Path(__file__).resolve().parents[2]
# Everyday words that once stood for a sentence, a process, a dictionary and an MTU alike.
VAGUE = {"told", "asked", "seen", "paste", "alike", "bands"}
LONGEST = 300
CODE = [p for folder in ("underlay", "tasks", "tests/live") for p in (ROOT / folder).rglob("*.py")]


def test_nouns_bring_no_pyinfra() -> None:
    look = (
        "import sys; from underlay.networks.registry import modes; modes(); import underlay.plan.host_plan; "
        "print([m for m in ('pyinfra', 'gevent', 'paramiko') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("mode", [m for m in modes() if "-" in m])
def test_a_modes_name_stands_in_its_own_folder_only(mode: str) -> None:
    plugin = mode.partition("-")[0]
    named = [
        str(p.relative_to(ROOT))
        for p in CODE
        if re.search(rf"\b{re.escape(mode)}\b", p.read_text())
        and (ROOT / "underlay/networks" / plugin) not in p.parents
    ]
    assert named == []


def test_no_room_is_named_for_nothing() -> None:
    assert [p.name for p in CODE if p.stem in ("utils", "util", "helpers", "common", "misc", "constants")] == []


def identifiers(path: Path) -> Iterator[str]:
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text())):
        for field in ("name", "id", "arg", "attr", "asname"):
            if isinstance(found := getattr(node, field, None), str):
                yield found


def test_no_identifier_is_a_word_that_says_nothing() -> None:
    code = [*CODE, *(ROOT / "tests").rglob("*.py")]
    assert [str(p.relative_to(ROOT)) for p in code if VAGUE & set(identifiers(p))] == []


def test_a_class_name_has_one_meaning() -> None:
    names = Counter(
        node.name
        for path in (ROOT / "underlay").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_every_file_is_short() -> None:
    code = [*CODE, *(ROOT / "tests").rglob("*.py")]
    assert [str(p.relative_to(ROOT)) for p in code if len(p.read_text().splitlines()) > LONGEST] == []


def test_the_catalog_has_the_images_that_flannels_objects_name() -> None:
    names = {"flannel": flannel.IMAGE, "flannel-cni-plugin": flannel.PLUGIN_IMAGE}
    for name, reference in names.items():
        entry = image_entry(name)
        assert entry.ref(pinned_version(entry.component)) == reference
