"""JUnit XML, as CI servers read it: the cases of a report, their counts and their texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

# What XML 1.0 cannot carry at all.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RESULTS = {"failure": Failure, "error": Error, "skipped": Skipped}


@dataclass(frozen=True)
class Case:
    """One test case: passed without a `result`; `message` is one line, `text` all of it, `output` goes with it."""

    classname: str
    name: str
    seconds: float = 0
    result: Literal["", "failure", "error", "skipped"] = ""
    message: str = ""
    text: str = ""
    output: str = ""


def junit_xml(name: str, cases: Iterable[Case], *, seconds: float, suite: str, timestamp: str = "") -> str:
    """A document with one suite.

    :param name: of the program that made it. :param suite: of what was looked at.
    :param seconds: of the whole run. :param timestamp: ISO 8601, without a zone.
    """
    found = TestSuite(_fit(suite))
    found.add_testcases([_case(case) for case in cases])
    if timestamp:
        found.timestamp = timestamp
    run = JUnitXml(name)
    run.add_testsuite(found)
    run.update_statistics()
    run.time = found.time = round(seconds, 1)
    root = ET.fromstring(run.tostring())  # noqa: S314  our own
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(case: Case) -> TestCase:
    found = TestCase(_fit(case.name), _fit(case.classname), round(case.seconds, 3))
    if case.result:
        result = _RESULTS[case.result]()
        result.message = _fit(case.message)
        if case.text:
            result.text = _fit(case.text)
        found.append(result)
    if case.output:
        found.system_out = _fit(case.output)
    return found


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)
