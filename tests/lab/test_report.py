"""The report of a real cluster: whole when it is well; when something is broken, with evidence and without secrets."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from underlay.report.document import Report
from underlay.report.load import read_report

from .deployed import ROOT, UNDERLAY, Deployed
from .waiting import COMMAND_S


def folders(lab: Deployed) -> list[Path]:
    """Of every run, the oldest first."""
    return sorted(ROOT.glob(f"reports/{lab.name}-*"))


def read(folder: Path) -> Report:
    return read_report((folder / "report.json").read_text(), where=folder.name)


def diff(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    command = [*UNDERLAY, "report", "diff", *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False, timeout=COMMAND_S)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


@pytest.fixture(scope="module")
def broken(pair: Deployed) -> Iterator[Deployed]:
    """A cluster that was verified, and again after the tunnel of one node became too small."""
    for folder in folders(pair):
        shutil.rmtree(folder)
    first = pair.deploy()
    assert first.code == 0, first.end
    (hop,) = read(folders(pair)[-1]).nodes["w-1"].hops
    pair.ssh("w-1", f"ip link set {hop.link} mtu 1300")
    second = pair.underlay("verify")
    assert second.code == 1, second.text
    yield pair
    pair.ssh("w-1", f"ip link set {hop.link} mtu 1450")


def test_what_was_measured_is_in_the_report(broken: Deployed) -> None:
    whole = read(folders(broken)[0])
    assert (whole.verdict, whole.counts.failed) == ("verified", 0)
    assert {n: (x.role, x.state) for n, x in whole.nodes.items()} == {
        "cp-1": ("control-plane", "Ready"),
        "w-1": ("worker", "Ready"),
    }
    assert [(h.to, h.kind) for h in whole.nodes["w-1"].hops] == [("cp-1", "vxlan")]
    phases = [p.name for p in whole.phases]
    assert phases[:2] == ["Connect", "Query hosts"]
    assert phases[-1] == "Verify"
    assert {(p.from_, p.to) for p in whole.paths} == {(a, b) for a in whole.nodes for b in whole.nodes}
    assert whole.files == []


def test_every_form_of_the_report_says_the_same(broken: Deployed) -> None:
    for folder in folders(broken):
        report = read(folder)
        suites = ET.parse(folder / "junit.xml").getroot()  # noqa: S314
        assert int(suites.attrib["failures"]) == report.counts.failed
        assert int(suites.attrib["tests"]) == len(report.checks)
        assert report.sentence in (folder / "report.html").read_text()


def test_a_failure_leaves_evidence_of_the_host_concerned(broken: Deployed) -> None:
    folder = folders(broken)[-1]
    report = read(folder)
    assert {c.hosts[0] for c in report.of("failed") if c.hosts} == {"w-1"}
    assert {f.host for f in report.files} >= {"w-1", "cluster"}
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("evidence/*/*")) == sorted(
        f.path for f in report.files
    )
    link = report.nodes["w-1"].hops[0].link
    text = (folder / "evidence/w-1/links.txt").read_text()
    assert f"{link}:" in text
    assert "mtu 1300" in text


def test_nothing_that_is_kept_has_a_key_in_it(broken: Deployed) -> None:
    kept = [p for folder in folders(broken) for p in folder.rglob("*") if p.is_file()]
    assert len(kept) > 10
    assert [p.name for p in kept if "PRIVATE KEY" in p.read_text(errors="replace")] == []


def test_the_difference_names_what_was_broken(broken: Deployed) -> None:
    code, found = diff(*(folders(broken)[0], folders(broken)[-1]))
    assert code == 2
    links = [(c["what"], c["before"], c["after"]) for c in found["changes"] if c["kind"] == "link"]
    link = read(folders(broken)[0]).nodes["w-1"].hops[0].link
    assert links == [(f"w-1 {link}", "vxlan, MTU 1450, up", "vxlan, MTU 1300, up")]
    worse = [c for c in found["changes"] if c["kind"] == "check" and c["worse"]]
    assert {c["after"].partition(" ")[0] for c in worse} <= {"failed", "skipped"}
    assert len(worse) > 1
    assert diff(folders(broken)[0], folders(broken)[0]) == (0, {**found, "after": found["before"], "changes": []})


def test_an_interrupted_verification_deletes_its_namespace(broken: Deployed) -> None:
    run = broken.stopped("verify", "server pods are ready on")
    assert run.code == 130, run.text
    assert run.text.endswith("underlay: interrupted; run the same command again to continue\n")
    broken.kubectl("wait", "namespace", "underlay-verify", "--for=delete", "--timeout=300s")
