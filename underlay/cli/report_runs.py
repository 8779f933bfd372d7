"""Runs of the verification on disk: finds them, selects those that a command line means, and reads their reports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import Refused

if TYPE_CHECKING:
    from underlay.report.document import Report

# CLUSTER-DATE-TIME, and -NUMBER where two runs began in one second.
_NAME = re.compile(r"(.+)-\d{8}-\d{6}(-\d+)?")


def two(before: str | None, after: str | None, directory: str) -> tuple[Path, Path]:
    """The two report.json files that the arguments mean.

    :raises Refused: when there are no two.
    """
    if before and after:
        return file(Path(before)), file(Path(after))
    if before:
        one = file(Path(before))
        name = read(one).cluster
        others = [
            f / "report.json" for f in folders(directory) if cluster(f) == name and f.resolve() != one.parent.resolve()
        ]
        if not others:
            raise Refused([f"{before}: {directory} holds no other run of {name}; name AFTER, or verify again"])
        return one, others[-1]
    old, new = last(directory, 2)
    return old / "report.json", new / "report.json"


def last(directory: str, number: int) -> list[Path]:
    """Folders of the last runs of the cluster that was verified last, the oldest first."""
    found = folders(directory)
    if not found:
        raise Refused([f"{directory}: holds no report; run underlay verify INVENTORY, or set --reports"])
    name = cluster(found[-1])
    same = [f for f in found if cluster(f) == name][-number:]
    if len(same) < number:
        raise Refused([f"{directory}: holds only one run of {name}; verify it again, or name two reports"])
    return same


def folders(directory: str) -> list[Path]:
    """Every folder with a report, by the time it was written."""
    found = [p for p in Path(directory).glob("*/report.json") if not p.parent.name.endswith(".partial")]
    return [p.parent for p in sorted(found, key=lambda p: (p.stat().st_mtime, p))]


def cluster(folder: Path) -> str:
    found = _NAME.fullmatch(folder.name)
    return found[1] if found else folder.name


def file(path: Path) -> Path:
    """The report.json that a path means: a folder, a report.html, or the file itself."""
    found = path / "report.json" if path.is_dir() else path
    if path.suffix == ".html" and path.with_suffix(".json").is_file():
        found = path.with_suffix(".json")
    if found.is_file():
        return found
    if not path.is_dir():
        what = "does not exist"
    elif path.name.endswith(".partial"):
        what = "this verification was interrupted"
    else:
        what = "holds no report.json"
    raise Refused([f"{path}: {what}; underlay report list shows all reports"])


def read(path: Path) -> Report:
    """
    :raises Refused: when it is not a report, or of a format that is not supported.
    """
    from underlay.report.load import NoReport, read_report  # noqa: PLC0415

    try:
        return read_report(path.read_text(encoding="utf-8", errors="replace"), where=str(path))
    except (NoReport, OSError) as error:
        raise Refused([str(error)]) from error
