"""The host-state core alone: thirty things on twenty hosts that have them already, three tools side by side."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from tests.bench import machine
from tests.bench.light_hosts import home, light_hosts
from tests.bench.measure import BenchError, Command, Run, alternate, say
from tests.bench.options import Options
from tests.bench.remote import executions
from tests.bench.summary import unchanged
from tests.bench.table import Row, Section, fraction
from tests.bench.things import playbook
from tests.bench.things.things import things
from underlay.lab import ssh
from underlay.lab.model.topology import Lab

OURS, STOCK, ANSIBLE = "one bundled fact, one operation", "pyinfra's own operations", "Ansible, tuned"
_THINGS = Path(__file__).resolve().parents[1] / "things"
HOW = """\
Every tool finds that nothing is to be done (its own count of changes is checked) on the same hosts, in turn, after a
warm-up; wall time of the whole command, start-up included. pyinfra runs with `-y` over its stock SSH connector. Ansible
has 50 forks, pipelining, ControlPersist, no fact gathering, a fixed interpreter, and loops and lists wherever a module
allows. The hosts share this machine's cores with the tool, which is to nobody's advantage but that of whoever asks the
hosts to do less. SSH executions are counted by a host's own SSH server, memory (RSS of the whole process tree) in the
warm-up."""


def measure(options: Options) -> Section:
    """Boot the hosts, have every tool bring them to the state and see that they are there, then measure."""
    with light_hosts(options.hosts, keep=options.keep) as lab, tempfile.TemporaryDirectory(prefix="bench-") as work:
        directory = Path(work)
        commands = _commands(lab, directory)
        say("bringing the hosts to their state")
        warm, counts = zip(*(_warm_up(lab, command) for command in commands), strict=True)
        before = machine.load()
        runs = alternate(commands, runs=options.runs)
    walls = [Row(label, "s", tuple(run.seconds for run in found)) for label, found in runs.items()]
    notes = (
        machine.load_note(before),
        f"{len(things())} things on each of {options.hosts} hosts",
        f"versions: {_versions()}",
    )
    rows = (*_walls(walls), *_executions(counts), *_memory(warm, options.hosts))
    return Section("core", "The host-state core alone", HOW, rows, notes, machine.facts())


def _walls(walls: list[Row]) -> tuple[Row, ...]:
    ours, stock, ansible = walls
    return (
        ours,
        Row(stock.what, "s", stock.values, f"ours takes {fraction(ours, stock)}", "1/5 / 1/8"),
        Row(ansible.what, "s", ansible.values, f"ours takes {fraction(ours, ansible)}", "1/40 / 1/100"),
    )


def _executions(counts: tuple[int, ...]) -> tuple[Row, ...]:
    labels = (OURS, STOCK, ANSIBLE)
    return tuple(Row(f"SSH executions on a host: {a}", "", (n,)) for a, n in zip(labels, counts, strict=True))


def _memory(warm: tuple[Run, ...], hosts: int) -> tuple[Row, ...]:
    ours, stock, ansible = (run.peak_mb for run in warm)
    what = f"controller memory, {hosts} hosts: "
    return (
        # Asked for 20 hosts; fewer would be too easy.
        Row(what + OURS, "MB", (ours,), target="90 / 70 MB" if hosts >= 20 else ""),
        Row(what + STOCK, "MB", (stock,)),
        Row(what + ANSIBLE, "MB", (ansible,)),
    )


def _warm_up(lab: Lab, command: Command) -> tuple[Run, int]:
    """One run without changes, watched: its memory, and how often it came to a host over SSH.

    The first run may find something to change; then a second must not.
    """
    for last in (False, True):
        before = executions(lab, "w-1")
        try:
            run = command.run(watch=True)
        except BenchError:
            if last:
                raise
            continue
        say(f"{command.label}: warm-up, {run.seconds:.2f} s")
        return run, executions(lab, "w-1") - before - 1
    raise AssertionError("the last run returns or raises")


def _commands(lab: Lab, directory: Path) -> tuple[Command, ...]:
    (directory / "hosts.py").write_text(_inventory(lab))
    playbook.write(lab, directory)
    ansible = playbook.install(home())
    path = {"PYTHONPATH": str(machine.ROOT), "PYINFRA_PROGRESS": "off"}

    def pyinfra(label: str, deploy: str) -> Command:
        arguments = (sys.executable, "-m", "pyinfra", "-y", "hosts.py", str(_THINGS / deploy))
        return Command(label, arguments, directory, path, check=unchanged)

    return (
        pyinfra(OURS, "ours.py"),
        pyinfra(STOCK, "stock.py"),
        Command(ANSIBLE, (str(ansible), "play.yaml"), directory, check=_ansible_changed),
    )


def _inventory(lab: Lab) -> str:
    hosts = [(node.name, ssh.variables(lab.name, node.address)) for node in lab.nodes]
    return f"hosts = {hosts!r}\n"


def _ansible_changed(output: str) -> str | None:
    """Ansible's recap must say changed=0 for every host, and nothing unreachable or failed."""
    recap = re.findall(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", output, re.MULTILINE)
    tasks = len(playbook.play()[0]["tasks"])
    wrong = [line for line in recap if line[1:] != (str(tasks), "0", "0", "0")]
    return None if recap and not wrong else f"not a run without changes: {wrong or 'no recap'}"


def _versions() -> str:
    from importlib.metadata import version  # noqa: PLC0415

    return f"pyinfra {version('pyinfra')}, {playbook.VERSION.replace('==', ' ')}"
