"""A cluster of the bench's own: deployed by the command that users have, timed, checked, and removed at the end."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab.deployed import Deployed
from underlay.artifacts.build.prefill import prefilled
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import load_manifest
from underlay.lab import lifecycle

from .measure import BenchError, say
from .summary import Summary, read_summary
from .table import Row

UNVERIFIED = ("--data", "verify=false")
_REMEDY = "make lab builds them, or: underlay bundle --prefill"


@dataclass(frozen=True)
class Deploy:
    """One deploy that succeeded: wall seconds of the whole command, and its output."""

    seconds: float
    output: str
    summary: Summary


@contextmanager
def cluster(
    name: str, network: str, *, workers: int, keep: bool = False, mounts: Mapping[str, str] | None = None
) -> Iterator[Deployed]:
    """A lab of one control plane and `workers` hosts in two racks; nothing boots before the first deploy.

    :param mounts: directories of this machine to show in every host, beside the bundle: path there -> path here.
    :raises BenchError: when the binaries, the base image or the unpacked images would have to be made first.
    """
    _refuse_unready()
    lab = {"name": name, "network": network, "workers": workers, "racks": 2}
    deployed = Deployed(lab=lab | ({"mounts": dict(mounts)} if mounts else {}))
    _down(deployed)
    try:
        yield deployed
    finally:
        if not keep:
            _down(deployed)


def deploy(deployed: Deployed, label: str, *arguments: str) -> Deploy:
    """Run `deploy.py` on the cluster to its end.

    :raises BenchError: with the end of its output, when it fails or ends without a summary.
    """
    began = time.monotonic()
    try:
        run = deployed.deploy(*arguments)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{label}: no end after {error.timeout:.0f} s") from error
    seconds = time.monotonic() - began
    if run.code:
        raise BenchError(f"{label}: exit status {run.code}\n" + "\n".join(run.text.splitlines()[-25:]))
    done = Deploy(seconds, run.text, read_summary(run.text))
    say(f"{label}, {seconds:.1f} s")
    return done


def phase_rows(runs: Sequence[Deploy]) -> tuple[Row, ...]:
    """Where the time of some deploys went, by their own clocks; what the program takes to start and end comes first."""
    names = dict.fromkeys(name for run in runs for name in run.summary.phases)
    ends = Row("of it, the program's start and end", "s", tuple(r.seconds - r.summary.seconds for r in runs))
    # A phase of less than 0.05 s is not in a summary.
    return ends, *(Row(f"of it, {n}", "s", tuple(r.summary.phases.get(n, 0.0) for r in runs)) for n in names)


def _down(deployed: Deployed) -> None:
    try:
        deployed.down()
    except subprocess.CalledProcessError as error:
        raise BenchError(f"lab {deployed.name} cannot be taken down: {error.stderr.decode().strip()}") from error


def _refuse_unready() -> None:
    try:
        load_manifest(bundle_directory())
    except ArtifactError as error:
        raise BenchError(f"{error}; {_REMEDY}") from error
    if prefilled(bundle_directory()) is None:
        raise BenchError(f"the images are not unpacked for hosts of this machine; {_REMEDY}")
    lifecycle.prepare_image()
