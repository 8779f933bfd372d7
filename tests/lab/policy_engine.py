"""The policy engine of the tests: a release that a bundle has, in the bundle before a lab is deployed from it."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import Any

from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import load_manifest
from underlay.policy_engines.kube_router import NAME
from underlay.policy_engines.settings import BUILT

from .deployed import ROOT, UNDERLAY
from .side_by_side import heavy
from .waiting import COMMAND_S

ENGINE: dict[str, Any] = {"network_policy": {"engine": NAME, "version": BUILT}}


def built() -> None:
    """Have it built, where the bundle lacks it."""
    with suppress(ArtifactError):
        if NAME in load_manifest(bundle_directory()).images:
            return
    with heavy():
        subprocess.run([*UNDERLAY, "bundle", "--with", NAME], cwd=ROOT, check=True, timeout=COMMAND_S)
