"""A lab that a test deploys to, through the commands a user has."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from underlay.lab.model.paths import LabPaths

from .commands_run import learn_secrets, note
from .failure_folder import keep_before_down
from .side_by_side import heavy
from .waiting import COMMAND_S, patience, until

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = "tests/lab/inventories/small.py"
PYINFRA = [sys.executable, "-m", "pyinfra"]
UNDERLAY = [str(Path(sys.executable).with_name("underlay"))]


@dataclass
class Deployed:
    """`lab` are the fields of `underlay.lab.inventory.Lab`, `cluster` variables over those of the file `inventory`."""

    lab: dict[str, Any]
    cluster: dict[str, Any] = field(default_factory=dict)
    carried: bool = True
    inventory: str = INVENTORY

    @property
    def name(self) -> str:
        return str(self.lab["name"])

    def _environment(self, cluster: dict[str, Any]) -> dict[str, str]:
        cluster = self.cluster | cluster
        learn_secrets(cluster)
        # What the inventory says of its hosts, beside its variables.
        extras = {name: cluster.pop(name, False) for name in ("one_rack", "foreign_routers", "first", "only_v6", "own")}
        request = {"lab": self.lab, "cluster": cluster, "carried": self.carried, **extras}
        return {
            **os.environ,
            "UNDERLAY_TEST": json.dumps(request),
            "UNDERLAY_PATIENCE": patience(),
            "PYINFRA_PROGRESS": "off",
            "COLUMNS": "200",
        }

    def deploy(self, *arguments: str, **cluster: Any) -> Run:
        """`pyinfra -y INVENTORY deploy.py`, with variables changed."""
        with heavy():
            return self._run([*PYINFRA, "-y", *arguments, self.inventory, "deploy.py"], cluster)

    def reset_by_pyinfra(self) -> Run:
        """`pyinfra -y INVENTORY reset.py`."""
        return self._run([*PYINFRA, "-y", self.inventory, "reset.py"], {})

    def underlay(self, command: str, *arguments: str, **cluster: Any) -> Run:
        """An `underlay` command that takes the inventory."""
        return self._run([*UNDERLAY, command, self.inventory, *arguments], cluster)

    def _run(self, command: list[str], cluster: dict[str, Any]) -> Run:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self._environment(cluster),
            text=True,
            capture_output=True,
            check=False,
            timeout=COMMAND_S,
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def deploy_killed(self, operation: str, *, after: float, **cluster: Any) -> Run:
        """Start a deploy and kill it, with all it started, `after` seconds into an operation."""
        return self._interrupted(operation, _kill(after), cluster)

    def deploy_killed_once(self, node: str, sight: str, operation: str, **cluster: Any) -> Run:
        """The same as soon as shell on a host ends well, tried from the beginning of the operation on."""
        return self._interrupted(operation, self._kill_once(node, sight), cluster)

    def deploy_without(self, node: str, operation: str) -> Run:
        """Start a deploy and switch a host off as an operation begins."""
        return self._interrupted(operation, lambda _: self.ssh(node, "systemctl poweroff --force --force"), {})

    def _interrupted(
        self, operation: str, act: Callable[[subprocess.Popen[str]], object], cluster: dict[str, Any]
    ) -> Run:
        command = [*PYINFRA, "-y", self.inventory, "deploy.py", "--data", "verify=false"]
        return self._acting(command, f"Starting operation: {operation}", act, cluster)

    def killed(self, command: str, line: str, *arguments: str, after: float, **cluster: Any) -> Run:
        """Start an `underlay` command and kill it `after` seconds after it printed something."""
        return self._acting([*UNDERLAY, command, self.inventory, *arguments], line, _kill(after), cluster)

    def killed_once(self, node: str, sight: str, command: str, line: str, *arguments: str) -> Run:
        """The same as soon as shell on a host ends well, tried from that line on."""
        return self._acting([*UNDERLAY, command, self.inventory, *arguments], line, self._kill_once(node, sight), {})

    def _kill_once(self, node: str, sight: str) -> Callable[[subprocess.Popen[str]], None]:
        def kill(process: subprocess.Popen[str]) -> None:
            self.ssh(node, f"until {sight}; do sleep 0.05; done")
            os.killpg(process.pid, signal.SIGKILL)

        return kill

    def stopped(self, command: str, line: str) -> Run:
        """Start an `underlay` command and press Ctrl-C a second after it printed something."""
        # What a script runs in the background ignores Ctrl-C, and so does all that it starts.
        heeding = ["env", "--default-signal=INT", *UNDERLAY]
        return self._acting([*heeding, command, self.inventory], line, _kill(1, by=signal.SIGINT), {})

    def acting(self, command: str, line: str, act: Callable[[], object], *arguments: str, **cluster: Any) -> Run:
        """Start an `underlay` command and do something as soon as it printed something."""
        return self._acting([*UNDERLAY, command, self.inventory, *arguments], line, lambda _: act(), cluster)

    def held(self, command: str, line: str, act: Callable[[], object]) -> Run:
        """The same, and the command stands still meanwhile, its connections open."""

        def hold(process: subprocess.Popen[str]) -> None:
            os.killpg(process.pid, signal.SIGSTOP)
            try:
                act()
            finally:
                os.killpg(process.pid, signal.SIGCONT)

        return self._acting([*UNDERLAY, command, self.inventory], line, hold, {})

    def _acting(
        self, command: list[str], awaited: str, act: Callable[[subprocess.Popen[str]], object], cluster: dict[str, Any]
    ) -> Run:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment(cluster),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if awaited in line:
                act(process)
        process.stdout.close()
        return Run(process.wait(), "".join(lines))

    def install_anew(self, node: str) -> None:
        """Take a host's disk away, as a new installation does; the next command boots it, under its old name."""
        self.ssh(node, "systemctl poweroff --force --force")
        until(
            lambda: re.search(rf"^{self.name} +{node} .* off$", _output("lab", "status"), re.MULTILINE) is not None,
            within=30,
        )
        shutil.rmtree(LabPaths.of(self.name).node(node).root)

    def ssh(self, node: str, command: str) -> str:
        """Standard output of a command on a host, as root."""
        return _output("lab", "ssh", "--name", self.name, node, command)

    def kubectl(self, *arguments: str) -> str:
        return _output("kubectl", *arguments, cluster=self.name)

    def refusal(self, items: list[dict[str, Any]], path: Path, *more: str) -> str:
        """What the API server has against objects, validated strictly; empty when it takes all of them.

        :param path: where the documents are written. No List: kubectl looks into one itself.
        :param more: arguments of `kubectl apply`, e.g. --dry-run=server.
        """
        path.write_text(yaml.safe_dump_all(items))
        arguments = ("apply", "--server-side", "--validate=strict", "--force-conflicts", *more, "-f", str(path))
        done = subprocess.run(
            [*UNDERLAY, "kubectl", *arguments],
            cwd=ROOT,
            env={**os.environ, "UNDERLAY_CLUSTER": self.name},
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S,
        )
        return "" if done.returncode == 0 else done.stderr or "no word"

    def report(self) -> dict[str, Any]:
        """The newest report of this cluster."""
        path = max(ROOT.glob(f"reports/{self.name}-*/report.json"), key=lambda p: p.stat().st_mtime)
        return dict(json.loads(path.read_text()))

    @contextmanager
    def booted(self) -> Iterator[Deployed]:
        """Hosts that are up, and that nothing was deployed to; they are taken away at the end."""
        self.down()
        try:
            # Boots them.
            assert self.underlay("plan").code == 2
            yield self
        finally:
            self.down()

    def down(self) -> None:
        """Take the lab away, with its reports; what explains a failure on its way here is kept first."""
        keep_before_down(self.name)
        subprocess.run([*UNDERLAY, "lab", "down", "--name", self.name], cwd=ROOT, check=True, capture_output=True)
        shutil.rmtree(ROOT / ".underlay" / self.name, ignore_errors=True)
        for directory in ROOT.glob(f"reports/{self.name}-*"):
            shutil.rmtree(directory)


@dataclass(frozen=True)
class Run:
    """How a command ended, and everything it printed, colours taken out."""

    code: int
    raw: str

    def __post_init__(self) -> None:
        note(f"ended with {self.code}, having printed:\n{self.text}")

    @property
    def text(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", self.raw)

    @property
    def end(self) -> str:
        """Its last lines, where a summary says what failed; a test's failure is cut where it is long."""
        return "\n".join([f"exit status {self.code}, at the end:", *self.text.splitlines()[-40:]])

    @property
    def document(self) -> dict[str, Any]:
        """The JSON it printed, whatever else stands around it."""
        assert "{\n" in self.text, self.text
        found, _ = json.JSONDecoder().raw_decode(self.text, self.text.index("{\n"))
        return dict(found)

    @property
    def changes(self) -> str:
        """What the summary says of changes and SSH executions."""
        found = re.search(r"^changes: (.*)$", self.text, re.MULTILINE)
        return found[1] if found else ""


def _kill(after: float, *, by: signal.Signals = signal.SIGKILL) -> Callable[[subprocess.Popen[str]], None]:
    def kill(process: subprocess.Popen[str]) -> None:
        time.sleep(after)
        os.killpg(process.pid, by)

    return kill


def _output(*arguments: str, cluster: str = "") -> str:
    """Standard output of an `underlay` command that has to end well."""
    done = subprocess.run(
        [*UNDERLAY, *arguments],
        cwd=ROOT,
        env={**os.environ, "UNDERLAY_CLUSTER": cluster},
        text=True,
        capture_output=True,
        check=False,
        timeout=COMMAND_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
