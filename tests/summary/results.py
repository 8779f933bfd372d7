"""The results of a part's tests, read from the JUnit XML that pytest leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

FAILED, SKIPPED, PASSED = "failed", "skipped", "passed"
FOLDER = "folder"  # the property with the folder of a failed lab test's evidence


@dataclass(frozen=True)
class Result:
    """How one test ended: `why` is the first line of its failure, or why it was skipped, `rest` its further lines."""

    name: str
    outcome: str
    seconds: float
    why: str = ""
    folder: str = ""
    rest: tuple[str, ...] = ()


def read(path: Path) -> list[Result]:
    """Every result in a file; none if it is not there, as after a wrong option."""
    try:
        root = ET.parse(path).getroot()  # noqa: S314  our own
    except (FileNotFoundError, ET.ParseError):
        return []
    return list(_results(root))


def _results(root: ET.Element) -> Iterator[Result]:
    for case in root.iter("testcase"):
        outcome, message = _outcome(case)
        why, *rest = message.splitlines() or [""]
        folders = [p.get("value", "") for p in case.iter("property") if p.get("name") == FOLDER]
        yield Result(_name(case), outcome, float(case.get("time", 0)), why, next(iter(folders), ""), tuple(rest))


def _outcome(case: ET.Element) -> tuple[str, str]:
    for tag, outcome in (("failure", FAILED), ("error", FAILED), ("skipped", SKIPPED)):
        if (found := case.find(tag)) is not None:
            return outcome, found.get("message", "")
    return PASSED, ""


def _name(case: ET.Element) -> str:
    """`lab/test_bgp.py::test_x[1]`: the class name holds the folders, the file and, if there is one, the class."""
    parts = case.get("classname", "").split(".")
    file = next((i for i, part in enumerate(parts) if part.startswith("test_")), len(parts) - 1)
    path = "/".join(parts[: file + 1]).removeprefix("tests/")
    return "::".join([f"{path}.py", *parts[file + 1 :], case.get("name", "")])
