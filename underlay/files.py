"""Files: those that are shipped with the package, and those that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """A file or folder of the project, such as `templates` or `deploy.py`.

    A wheel carries them below `underlay/shipped` (pyproject.toml says which); a checkout has them beside the package.
    """
    inside = _PACKAGE / "shipped"
    return (inside if inside.is_dir() else _PACKAGE.parent) / name


def write_whole(path: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all: whoever reads it meanwhile gets the old content.

    :param mode: its permissions, less the umask, from the first byte on.
    :raises OSError: when it cannot be written; then nothing has changed.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
