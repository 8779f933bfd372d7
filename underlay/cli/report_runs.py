"""Runs of the verification on disk: which there are, which two are meant, and the report in one."""

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
    """The two report.json that are meant.

    :raises Refused: when there is none such.
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
            raise Refused([f"{before}: {directory} has no other run of {name}; name AFTER, or verify again"])
        return one, others[-1]
    old, new = last(directory, 2)
    return old / "report.json", new / "report.json"


def last(directory: str, number: int) -> list[Path]:
    """Folders of the last runs of the cluster that was verified last, the oldest first."""
    found = folders(directory)
    if not found:
        raise Refused([f"{directory}: there is no report; run underlay verify INVENTORY, or name --reports"])
    name = cluster(found[-1])
    same = [f for f in found if cluster(f) == name][-number:]
    if len(same) < number:
        raise Refused([f"{directory}: there is one run of {name} alone; verify it again, or name two reports"])
    return same


def folders(directory: str) -> list[Path]:
    """Every folder with a report, by the time it was written."""
    found = [p for p in Path(directory).glob("*/report.json") if not p.parent.name.endswith(".partial")]
    return [p.parent for p in sorted(found, key=lambda p: (p.stat().st_mtime, p))]


def cluster(folder: Path) -> str:
    found = _NAME.fullmatch(folder.name)
    return found[1] if found else folder.name


def file(path: Path) -> Path:
    """The report.json of a folder, of a page beside it, or the file itself."""
    found = path / "report.json" if path.is_dir() else path
    if path.suffix == ".html" and path.with_suffix(".json").is_file():
        found = path.with_suffix(".json")
    if found.is_file():
        return found
    if not path.is_dir():
        what = "there is no such file"
    elif path.name.endswith(".partial"):
        what = "this verification did not come to its end"
    else:
        what = "there is no report.json in this folder"
    raise Refused([f"{path}: {what}; underlay report list shows those there are"])


def read(path: Path) -> Report:
    """
    :raises Refused: when it is no report that is read here.
    """
    from underlay.report.load import NoReport, read_report  # noqa: PLC0415

    try:
        return read_report(path.read_text(encoding="utf-8", errors="replace"), where=str(path))
    except (NoReport, OSError) as error:
        raise Refused([str(error)]) from error
