"""Preflight's findings as JUnit XML, for CI: a case for each code, failed if it stops a deploy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from underlay.findings.codes import CODES, OF_WIRE
from underlay.junit_xml import Case, junit_xml


def junit_of(document: Mapping[str, Any]) -> str:
    """One JUnit suite; codes of the network are skipped if it was not probed.

    :param document: preflight's JSON.
    """
    found = {code: [f for f in document["findings"] if f["code"] == code] for code in CODES}
    cases = [_case(code, findings, probed=bool(document["pairs"])) for code, findings in found.items()]
    suite = f"{document['cluster']} ({document['mode']})"
    return junit_xml("underlay preflight", cases, seconds=document["seconds"], suite=suite)


def _case(code: str, findings: Sequence[Mapping[str, Any]], *, probed: bool) -> Case:
    name = f"{code}: {CODES[code].title}"
    lines = [f"{f['where']}: {f['measured']}; {f['remedy']}" for f in findings]
    text = "\n".join(lines)
    if any(f["severity"] == "refuses" and not f["accepted"] for f in findings):
        return Case("preflight", name, result="failure", message=lines[0], text=text)
    if not lines and code in OF_WIRE and not probed:
        return Case("preflight", name, result="skipped", message="the paths between hosts were not probed")
    return Case("preflight", name, output=text)
