"""Our verification and upstream's granular network checks, in turn on one cluster."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench import machine
from tests.bench.cluster import UNVERIFIED, cluster, deploy
from tests.bench.measure import BenchError, Command, on_all, say
from tests.bench.options import Options
from tests.bench.remote import ssh
from tests.bench.table import Row, Section, fraction
from tests.bench.upstream.granular import Outcome, arguments, environment, images, outcome
from tests.bench.upstream.image import SHOWN, PodImage, pod_image
from tests.bench.upstream.program import program
from tests.lab.deployed import ROOT
from underlay.lab.model.topology import Lab

from .verify import Verified, verify

NAME, NETWORK, NODES = "bench-sig", "10.80.0.0/16", 3
HOW = """\
One cluster of lab hosts in two racks, one control plane and two workers, mode flannel-vxlan; in turn, after a warm-up
of both: the whole command `underlay verify INVENTORY --json`, and upstream's own test program (`go test -c` of
`k8s.io/kubernetes/test/e2e`, the Kubernetes that the cluster runs) with the administrator's kubeconfig, set to run
`[sig-network] Networking Granular Checks: Pods` without those of features that a cluster may lack (SCTP). Wall time of
whole commands, start-up included. Each spec lays its own pods into the cluster and takes them away again; a connection
is one that a spec's log says it found to work. Its image is the bundle's agnhost with Debian's curl and nc in it, there
on every host before. The wire, DNS, Services, policies and hosts are checked by the one and not by the other: the ratio
is that of what an operator waits for, not of equal work."""


@dataclass(frozen=True)
class Granular:
    """Wall seconds of upstream's program, and its output."""

    seconds: float
    outcome: Outcome


def measure(options: Options) -> Section:
    """Build what is upstream's, deploy, run both once to warm up, then count."""
    image, built = pod_image(), program()
    mounts = {SHOWN: str(image.directory)}
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as work,
        cluster(NAME, NETWORK, workers=NODES - 1, keep=options.keep, mounts=mounts) as deployed,
    ):
        deploy(deployed, f"sig-network: the deploy of {NODES} nodes", *UNVERIFIED)
        checks = _upstream(built, Path(work))
        _import(Lab(**deployed.lab), image, checks)
        verify(deployed)
        _granular(checks)
        before = machine.load()
        ours, theirs = [], []
        for _ in range(options.runs):
            ours.append(verify(deployed))
            theirs.append(_granular(checks))
    notes = (machine.load_note(before),)
    return Section("sig-network", "Beside upstream's checks", HOW, rows(ours, theirs), notes, machine.facts())


def rows(ours: list[Verified], theirs: list[Granular]) -> tuple[Row, ...]:
    """What an operator waits for, and what is shown then."""
    verified = Row("`underlay verify`, the whole command", "s", tuple(v.seconds for v in ours))
    granular = Row("upstream's granular checks of pods, the whole command", "s", tuple(g.seconds for g in theirs))
    checks = Row("checks that ran and passed, ours", "", tuple(float(v.ran()) for v in ours))
    specs = Row("specs that ran and passed, upstream's", "", tuple(float(g.outcome.specs) for g in theirs))
    connections = tuple(float(g.outcome.connections) for g in theirs)
    return (
        replace(verified, ratio=f"takes {fraction(verified, granular)} of upstream's"),
        granular,
        Row("of it, the specs by the program's own clock", "s", tuple(g.outcome.seconds for g in theirs)),
        checks,
        replace(specs, ratio=f"{fraction(specs, checks)} of ours"),
        Row("connections that these specs found to work", "", connections),
    )


def _upstream(built: Path, work: Path) -> Command:
    kubeconfig = ROOT / ".underlay" / NAME / "kubeconfig"
    return Command("upstream's granular checks", arguments(built, kubeconfig), work, environment(work))


def _import(lab: Lab, image: PodImage, checks: Command) -> None:
    """Have every host's containerd know the image by the names that the program asks for."""
    listed = Command("upstream's list of images", (checks.arguments[0], "--list-images"), Path("/"), checks.environment)
    names = images(listed.run().output)
    if not names:
        raise BenchError("sig-network: upstream's test program lists no image of agnhost")
    script = image.import_script(names)
    on_all(lambda name: ssh(lab, name, script), [node.name for node in lab.nodes])


def _granular(checks: Command) -> Granular:
    run = checks.run()
    done = Granular(run.seconds, outcome(run.output))
    say(f"sig-network: {done.outcome.specs} of upstream's specs, {done.seconds:.1f} s")
    return done
