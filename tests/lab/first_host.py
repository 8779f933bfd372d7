"""The first control-plane host of a lab: scripts run there as the deploy runs them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from underlay.resources.api_server import KUBECTL
from underlay.resources.resource import Resource
from underlay.resources.script import Outcome, apply_script, observe_script, read_observations, read_outcome, sentence

from .deployed import ROOT, UNDERLAY
from .waiting import COMMAND_S


@dataclass(frozen=True)
class Ran:
    rc: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class FirstHost:
    """`lab` names the lab."""

    lab: str

    def _command(self) -> list[str]:
        # Read to its end before it begins: a shell that reads on loses what its script's own redirections take.
        return [*UNDERLAY, "lab", "ssh", "--name", self.lab, "cp-1", 'eval "$(cat)"']

    def script(self, text: str) -> Ran:
        ran = subprocess.run(
            self._command(), input=text, cwd=ROOT, text=True, capture_output=True, check=False, timeout=COMMAND_S
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def start(self, text: str) -> subprocess.Popen[str]:
        """Run a script without waiting for it."""
        process = subprocess.Popen(
            self._command(), cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(text)
        process.stdin.close()
        process.stdin = None
        return process

    def run(self, command: str, *args: str) -> Ran:
        assert not args
        return self.script(command)

    def observe(self, *resources: Resource) -> list[str | None]:
        """The sentences of what differs."""
        ran = self.script(observe_script(resources))
        answers = read_observations(resources, ran.stdout.splitlines())
        return [sentence(r, answer) for r, answer in zip(resources, answers, strict=True)]

    def apply(self, *resources: Resource) -> tuple[Outcome, str]:
        ran = self.script(apply_script(resources))
        return read_outcome(resources, ran.stdout.splitlines()), ran.stderr

    def put(self, path: Path, there: str) -> None:
        with path.open("rb") as file:
            command = [*self._command()[:-1], f"mkdir -p {there.rpartition('/')[0]}; cat >{there}"]
            subprocess.run(command, cwd=ROOT, stdin=file, check=True)

    def kubectl(self, arguments: str) -> str:
        ran = self.script(f"{KUBECTL} {arguments}\n")
        assert ran.rc == 0, ran.stderr
        return ran.stdout.strip()
