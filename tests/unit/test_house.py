"""What the house promises of itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from underlay.artifacts.catalog import image_entry, pinned_version
from underlay.networks.flannel import flannel
from underlay.networks.registry import modes

ROOT = Path(__file__).resolve().parents[2]
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


def test_the_catalog_has_the_images_that_flannels_objects_name() -> None:
    names = {"flannel": flannel.IMAGE, "flannel-cni-plugin": flannel.PLUGIN_IMAGE}
    for name, reference in names.items():
        entry = image_entry(name)
        assert entry.ref(pinned_version(entry.component)) == reference
