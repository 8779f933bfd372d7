"""Preflight's findings as JUnit XML, for CI: a case for each code, failed where it stops a deploy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from underlay.findings.codes import CODES, OF_WIRE


def junit_of(document: Mapping[str, Any]) -> str:
    """
    :param document: as preflight's JSON has it.
    """
    by_code: dict[str, list[Mapping[str, Any]]] = {}
    for finding in document["findings"]:
        by_code.setdefault(finding["code"], []).append(finding)
    grave = [f for f in document["findings"] if f["severity"] == "refuses" and not f["accepted"]]
    suite = Xml.Element(
        "testsuite",
        name=f"underlay preflight: {document['cluster']}, {document['mode']}",
        tests=str(len(CODES)),
        failures=str(len({f["code"] for f in grave})),
        time=str(document["seconds"]),
    )
    for code, what in CODES.items():
        case = Xml.SubElement(suite, "testcase", classname="preflight", name=f"{code}: {what.title}")
        lines = [f"{f['where']}: {f['measured']}; {f['remedy']}" for f in by_code.get(code, [])]
        if any(f["code"] == code for f in grave):
            Xml.SubElement(case, "failure", message=lines[0]).text = "\n".join(lines)
        elif lines:
            Xml.SubElement(case, "system-out").text = "\n".join(lines)
        elif code in OF_WIRE and not document["pairs"]:
            Xml.SubElement(case, "skipped", message="the wire was not asked")
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
