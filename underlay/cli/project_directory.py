"""A project's directory: the files that a user owns, all of them put in place or none."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from underlay.files import shipped

from .errors import Refused

# Folders with their Python files, and files that a project has as the package ships them.
FOLDERS = ("tasks", "inventories", "group_data")
FILES = ("deploy.py", "reset.py", "config.py", "Vagrantfile", "vagrant.json")
IGNORED = "templates/project/gitignore"


def project_files() -> dict[str, bytes]:
    """Path below the project's directory -> content."""
    sources = {name: shipped(name) for name in FILES}
    for folder in FOLDERS:
        sources |= {f"{folder}/{path.name}": path for path in sorted(shipped(folder).glob("*.py"))}
    return {**{name: path.read_bytes() for name, path in sources.items()}, ".gitignore": shipped(IGNORED).read_bytes()}


def create_project(directory: Path, files: dict[str, bytes]) -> None:
    """Put the files into the directory, which may hold others.

    :raises Refused: with a line for each file that exists already, or when the directory cannot be written.
    """
    try:
        if existing := _existing(directory, files):
            raise Refused(existing)
        directory.resolve().parent.mkdir(parents=True, exist_ok=True)
        _place(directory.resolve(), files)
    except OSError as error:
        raise Refused([f"{directory}: cannot be written ({error.strerror}); name another directory"]) from error


def _existing(directory: Path, files: dict[str, bytes]) -> list[str]:
    if os.path.lexists(directory) and not directory.is_dir():
        return [f"{directory}: is not a directory; name another"]
    remedy = "move it away, or name another directory"
    folders = {path.partition("/")[0] for path in files if "/" in path}
    blocked = [f for f in sorted(folders) if os.path.lexists(directory / f) and not (directory / f).is_dir()]
    lines = [f"{directory / name}: is not a directory; {remedy}" for name in blocked]
    return lines + [
        f"{directory / path}: already exists; {remedy}" for path in files if os.path.lexists(directory / path)
    ]


def _place(target: Path, files: dict[str, bytes]) -> None:
    exists = target.exists()
    # Renames stay within one file system: a directory that exists may be a mount.
    with tempfile.TemporaryDirectory(dir=target if exists else target.parent, prefix=f".{target.name}.") as scratch:
        new = Path(scratch, "new")
        for path, content in files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_bytes(content)
        if exists:
            _move_in(new, target, files)
        else:
            new.rename(target)


def _move_in(new: Path, target: Path, files: dict[str, bytes]) -> None:
    """Move each file into a directory that is somebody's already, and take them out again if one cannot be moved."""
    placed: list[Path] = []
    try:
        for path in files:
            (target / path).parent.mkdir(exist_ok=True)
            (new / path).rename(target / path)
            placed.append(target / path)
    except BaseException:
        for file in placed:
            file.unlink(missing_ok=True)
        raise
