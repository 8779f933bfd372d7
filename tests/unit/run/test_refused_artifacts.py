"""A missing artifact is reported before any host is contacted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.clusters import REGISTERED_MODE
from underlay.artifacts.manifest import Manifest, save_manifest

PLAN = "import sys; from underlay.cli.main import main; sys.argv[0] = 'underlay'; main()"


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A cluster of one host, to be installed from an empty bundle."""
    save_manifest(tmp_path, Manifest(arch="amd64", binaries={}, images={}, outputs={}))
    path = tmp_path / "inventory.py"
    path.write_text(
        'control_plane = [("cp-1", {"address": "192.0.2.1"})]\nworkers = []\n'
        f'cluster = (control_plane, {{"network": {{"mode": "{REGISTERED_MODE}"}}, '
        f'"artifacts": {{"source": "bundle", "path": "{tmp_path}"}}}})\n'
    )
    return path


@pytest.mark.parametrize("command", ["plan", "verify"])
def test_what_a_bundle_lacks_is_reported_at_once(inventory: Path, command: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PLAN, command, str(inventory)], text=True, capture_output=True, check=False, timeout=60
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"underlay: bundle {inventory.parent}: has no ")
    assert ran.stderr.count("\n") == 1
