"""Where the files are that stand beside the package in a checkout, and inside it once it is installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """A file or folder of the project, such as `templates` or `deploy.py`.

    A wheel carries them below `underlay/shipped` (pyproject.toml says which); a checkout has them beside the package.
    """
    inside = _PACKAGE / "shipped"
    return (inside if inside.is_dir() else _PACKAGE.parent) / name
