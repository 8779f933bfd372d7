"""Which versions of Kubernetes a bundle can be built for: those whose build modules are pinned."""

from __future__ import annotations

from pathlib import Path

from .catalog import pinned_version

GOMOD = Path(__file__).with_name("gomod")
"""Build modules, a directory each: go.mod, go.sum, stand-ins. NAME-VERSION has another version than the pinned one."""


def buildable_versions() -> tuple[str, ...]:
    """Return versions of Kubernetes without a leading v, the newest first."""
    others = (path.name.removeprefix("kubernetes-") for path in GOMOD.glob("kubernetes-*"))
    found = {pinned_version("kubernetes"), *others}
    return tuple(sorted(found, key=lambda version: [int(part) for part in version.split(".")], reverse=True))
