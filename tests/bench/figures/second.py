"""A second `deploy.py` over three nodes that lack nothing: what it costs to find that out."""

from __future__ import annotations

from tests.bench import machine
from tests.bench.cluster import UNVERIFIED, Deploy, cluster, deploy, phase_rows
from tests.bench.measure import BenchError, on_all, say
from tests.bench.options import Options
from tests.bench.remote import LOG_EXECUTIONS, executions, ssh
from tests.bench.summary import changes_by_pyinfra
from tests.bench.table import Row, Section
from tests.lab.deployed import Deployed
from underlay.lab import record
from underlay.lab.model.topology import Lab

NAME, NETWORK = "bench-second", "10.82.0.0/16"
HOW = """\
`pyinfra -y INVENTORY deploy.py --data verify=false` over a cluster of three lab hosts in two racks that was deployed
before; wall time of the whole command, start-up included. In turn with it the whole deploy runs, and the time of its
verification is taken from its own summary. Every run must end with status 0, say `changes: none`, and have in pyinfra's
table no operation on any host that did something. SSH executions are counted by the hosts' own SSH servers; the deploy
must say the same number."""


def measure(options: Options) -> Section:
    """Deploy three nodes, then deploy them again and again."""
    with cluster(NAME, NETWORK, workers=2, keep=options.keep) as deployed:
        deploy(deployed, "second: the first deploy", *UNVERIFIED)
        lab = _lab(deployed)
        on_all(lambda name: ssh(lab, name, LOG_EXECUTIONS), [node.name for node in lab.nodes])
        say(f"second: warm-up, {_again(deployed, *UNVERIFIED).seconds:.1f} s")
        before = machine.load()
        plain, whole, counts = [], [], []
        for _ in range(options.runs):
            start = _executions(lab)
            plain.append(_again(deployed, *UNVERIFIED))
            # Reading the count is an execution, too.
            counts.append({name: count - start[name] - 1 for name, count in _executions(lab).items()})
            _same(counts[-1], plain[-1])
            whole.append(_again(deployed))
    rows = (
        Row("a second `deploy.py`, verification left out", "s", _walls(plain), target="6 / 2.5 s"),
        *phase_rows(plain),
        Row("verification alone", "s", tuple(run.summary.phases["Verify"] for run in whole)),
        Row("SSH executions on the host that has most", "", tuple(max(a.values()) for a in counts), target="12 / 5"),
        Row(
            "changes, by pyinfra's table: all operations of all hosts",
            "",
            tuple(changes_by_pyinfra(run.output) for run in plain),
            target="0",
        ),
    )
    hosts = ", ".join(f"{name} {count}" for name, count in counts[-1].items())
    notes = (
        machine.load_note(before),
        f"SSH executions by host: {hosts}",
        f"the verification is {whole[-1].summary.checks} checks",
    )
    return Section("second", "A second run that changes nothing", HOW, rows, notes, machine.facts())


def _again(deployed: Deployed, *arguments: str) -> Deploy:
    """A deploy that must change nothing, by the deploy and by pyinfra."""
    run = deploy(deployed, "second: deploy" + (" without verification" if arguments else ""), *arguments)
    reason = refusal(run)
    if reason:
        raise BenchError(f"second: {reason}\n" + "\n".join(run.output.splitlines()[-25:]))
    return run


def refusal(run: Deploy) -> str | None:
    """Why a run is not one without changes; None when it is."""
    changed = run.summary.changed
    if changed:
        return "the deploy changed " + ", ".join(f"{name} ({count})" for name, count in changed.items())
    count = changes_by_pyinfra(run.output)
    return f"pyinfra counts {count} changes or errors" if count else None


def _same(counts: dict[str, int], run: Deploy) -> None:
    if max(counts.values()) != run.summary.executions:
        raise BenchError(
            f"second: the deploy says {run.summary.executions} SSH executions on a host, "
            f"the hosts' SSH servers say {counts}"
        )


def _executions(lab: Lab) -> dict[str, int]:
    return {node.name: executions(lab, node.name) for node in lab.nodes}


def _lab(deployed: Deployed) -> Lab:
    lab = record.read(deployed.name)
    if lab is None:
        raise BenchError(f"lab {deployed.name} is not up after its deploy")
    return lab


def _walls(runs: list[Deploy]) -> tuple[float, ...]:
    return tuple(run.seconds for run in runs)
