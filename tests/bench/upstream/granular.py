"""Upstream's granular checks of pods: how they are called, and what a run of them says at its end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.bench.measure import BenchError

CHECKS = r"\[sig-network\] Networking Granular Checks: Pods"
# SCTP, for one, is tested in clusters that are known to have it.
_FEATURES = r"\[Feature:"
# Of images that upstream's tests name, those that its own project publishes for them.
_REGISTRY = "promoterE2eRegistry"
HERE = "bench.internal"
"""Stands in for their registry: the bundle's own image keeps its name, and nothing can be pulled by accident."""

_PASSED = re.compile(r"^(?:SUCCESS|FAIL)!.* -- (\d+) Passed \| (\d+) Failed \|", re.MULTILINE)
_RAN = re.compile(r"^Ran \d+ of \d+ Specs in ([\d.]+) seconds", re.MULTILINE)
_REACHED = re.compile(r" reached \S+ after \d+/\d+ tries$| Found all \d+ expected endpoints: ", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """Specs that passed, the connections that they found to work, and the seconds by the program's own clock."""

    specs: int
    connections: int
    seconds: float


def environment(directory: Path) -> dict[str, str]:
    """What makes the program ask for its images where we put them, by a file in the directory."""
    path = directory / "registries.yaml"
    path.write_text(yaml.safe_dump({_REGISTRY: HERE}))
    return {"KUBE_TEST_REPO_LIST": str(path)}


def images(listed: str) -> tuple[str, ...]:
    """The names by which the program asks for agnhost, of all images that it lists."""
    return tuple(sorted(name for name in listed.split() if name.startswith(f"{HERE}/agnhost:")))


def arguments(program: Path, kubeconfig: Path) -> tuple[str, ...]:
    """The program's command line, for a cluster of no cloud."""
    chosen = (f"--ginkgo.focus={CHECKS}", f"--ginkgo.skip={_FEATURES}")
    return (
        str(program),
        f"--kubeconfig={kubeconfig}",
        "--provider=skeleton",
        "--ginkgo.no-color",
        "--ginkgo.v",
        *chosen,
    )


def outcome(output: str) -> Outcome:
    """
    :raises BenchError: when a spec failed or none ran, or the output's end has another form.
    """
    passed, ran = _PASSED.search(output), _RAN.search(output)
    if not passed or not ran:
        raise BenchError("upstream's test program did not come to its end")
    specs, failed = int(passed[1]), int(passed[2])
    if failed or not specs:
        raise BenchError(f"upstream's granular checks: {specs} passed, {failed} failed")
    return Outcome(specs, len(_REACHED.findall(output)), float(ran[1]))
