"""Where built artifacts are kept on this machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from .error import ArtifactError

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def home() -> Path:
    """Return the state directory: $UNDERLAY_HOME, or /var/lib/underlay."""
    return Path(os.environ.get("UNDERLAY_HOME") or "/var/lib/underlay")


def bundle_directory(kubernetes: str = "") -> Path:
    """Return the directory of the bundle that this machine builds.

    :param kubernetes: a version without a leading v; by default the pinned one's.
    """
    return home() / (f"bundle-v{kubernetes}" if kubernetes else "bundle")


def build_directory() -> Path:
    """Return the working directory of builds; deleting it only makes the next build slower."""
    return home() / "build"


def architecture() -> str:
    """Return this machine's architecture as Go and registries name it, `amd64` or `arm64`."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise ArtifactError(
            "machine", "no artifacts for this architecture", found=machine, remedy="one of amd64, arm64"
        )
    return _ARCHITECTURES[machine]
