"""A directory that is written whole or not at all, and never over files that no render wrote."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .errors import Refused

# Lists the files of a render, which the next one may replace.
MARK = "render.json"


def replace_directory(directory: Path, files: Mapping[str, str], *, about: Mapping[str, str]) -> None:
    """Put the files at their paths below the directory, in place of those of an earlier render.

    :raises Refused: when the directory holds anything else, or cannot be written.
    """
    target = directory.resolve()
    try:
        _refuse_foreign(target, directory)
        target.parent.mkdir(parents=True, exist_ok=True)
        _swap(target, files, about)
    except OSError as error:
        raise Refused([f"--to: {directory} cannot be written ({error.strerror}); name another directory"]) from error


def _swap(target: Path, files: Mapping[str, str], about: Mapping[str, str]) -> None:
    # In the target's parent, so that the rename stays within one file system.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        for path, text in {**files, MARK: _mark(files, about)}.items():
            file = new / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except BaseException:
            with suppress(OSError):
                old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _mark(files: Mapping[str, str], about: Mapping[str, str]) -> str:
    return json.dumps({"made-by": "underlay render", **about, "files": list(files)}, indent=1) + "\n"


def _refuse_foreign(target: Path, shown: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise Refused([f"--to: {shown} is not a directory; name one"])
    there = sorted(str(p.relative_to(target)) for p in target.rglob("*") if p.is_symlink() or not p.is_dir())
    if not there:
        return
    try:
        known = {*json.loads((target / MARK).read_text(encoding="utf-8"))["files"], MARK}
    except (OSError, ValueError, KeyError, TypeError):
        foreign = f"{shown} is not empty and was not written by underlay render (it holds {there[0]})"
        raise Refused([f"--to: {foreign}; name another directory"]) from None
    if others := [p for p in there if p not in known]:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise Refused([f"--to: {shown} holds files that underlay render did not write ({others[0]}{more}); move them"])
