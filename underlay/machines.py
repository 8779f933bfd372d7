"""Processor architectures that everything here is published for: as Go and downloads name them, and as `uname -m`."""

from __future__ import annotations

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
ARCHITECTURES = tuple(MACHINES)
