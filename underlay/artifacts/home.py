"""Knows where built artifacts live on this machine, so that nothing else spells the place."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from .error import ArtifactError

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def home() -> Path:
    """Return the state directory: $UNDERLAY_HOME, or /var/lib/underlay."""
    return Path(os.environ.get("UNDERLAY_HOME") or "/var/lib/underlay")


def bundle_directory() -> Path:
    """Return the directory of the bundle this machine builds."""
    return home() / "bundle"


def build_directory() -> Path:
    """Return the directory that builds work in; deleting it costs time, nothing else."""
    return home() / "build"


def architecture() -> str:
    """Return this machine's architecture as Go and the registries write it."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise ArtifactError("machine", "no artifacts for its architecture", found=machine, remedy="one of amd64, arm64")
    return _ARCHITECTURES[machine]
