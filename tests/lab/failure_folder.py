"""One folder for a lab test that failed, with everything that explains it: reports/failed-tests/<test>-<time>."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from .commands_run import notes
from .lab_evidence import gather, write

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ROOT / "reports/failed-tests"
KEPT = 30  # folders; older ones give way
TIMES = 3  # that one lab is asked in one process: where it is broken, many tests fail

_folders: dict[str, Path] = {}
_count: Counter[str] = Counter()
_gathered: dict[str, Path] = {}


def keep(test: str, labs: Iterable[str], failure: str, *, gather: Callable[[str, Path], bool] = gather) -> Path:
    """Write everything about a failure; returns its folder.

    :param test: pytest's id of it. :param labs: names of those it used; one that is not up adds nothing.
    """
    folder = _folder(test)
    write(folder, {"failure": failure, "commands": notes()})
    for lab in dict.fromkeys(labs):
        _lab(lab, folder, gather)
    return folder


def keep_before_down(lab: str) -> None:
    """Ask a lab's hosts that are about to go because of a failure, a fixture's, which nobody knows of yet."""
    error = sys.exc_info()[1]
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if test and isinstance(error, (Exception, pytest.fail.Exception)):
        try:
            _lab(lab, _folder(test), gather)
        except Exception as trouble:  # whatever it is, the failure on its way matters more
            print(f"{lab}: its hosts could not be asked: {trouble!r}", file=sys.stderr)


def _lab(lab: str, folder: Path, gather: Callable[[str, Path], bool]) -> None:
    at = folder / lab
    if at.exists():
        return
    if _count[lab] >= TIMES:
        write(folder, {f"{lab} is broken": f"its hosts were asked {TIMES} times; see {_gathered[lab]}\n"})
    elif gather(lab, at):
        _count[lab] += 1
        _gathered[lab] = at
        _copy_report(lab, at)


def _copy_report(lab: str, at: Path) -> None:
    """The newest report of a lab's verification, with its own evidence."""
    reports = sorted(ROOT.glob(f"reports/{lab}-2*/"), key=lambda path: path.stat().st_mtime)
    if reports:
        shutil.copytree(reports[-1], at / "report", dirs_exist_ok=True)


def _folder(test: str) -> Path:
    """The folder of a test, made when it is first asked for."""
    if test not in _folders:
        file, _, rest = test.partition(".py::")
        name = re.sub(r"[^\w.-]+", "-", f"{Path(file).name}-{rest}").strip("-")[:90]
        folder = FOLDERS / f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
        folder.mkdir(parents=True, exist_ok=True)
        _folders[test] = folder
        for old in sorted(FOLDERS.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    return _folders[test]
