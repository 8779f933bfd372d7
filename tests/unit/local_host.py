"""A host to try fragments on: shells of this machine, with paths and programs put in others' place."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from grp import getgrgid
from pathlib import Path
from pwd import getpwuid

from underlay.resources.answer import Answer, line_of
from underlay.resources.resource import Question, Resource
from underlay.resources.script import Outcome, apply_script, observe_script, read_observations, read_outcome

# Whoever runs the tests; only root may give a file to somebody else.
OWNER = f"{getpwuid(os.getuid()).pw_name}:{getgrgid(os.getgid()).gr_name}"


@dataclass(frozen=True)
class Result:
    rc: int
    stdout: str = ""
    stderr: str = ""


_READ: dict[tuple[str, str], Result] = {}


@dataclass
class Shell:
    """`program` is the shell; `places` are paths of a host and where they stand here; `bin` has the first word."""

    program: str
    bin: Path
    places: dict[str, str] = field(default_factory=dict)
    path: str = os.environ["PATH"]

    def run(self, script: str, *, stdin: bool = True) -> Result:
        """Run text as the deploy does: `sh -s` for what changes a host, `sh -c` for questions."""
        for there, here in self.places.items():
            script = script.replace(there, here)
        program = shutil.which(self.program) or self.program
        command = [program, "-s"] if stdin else [program, "-c", script]
        environment = {"PATH": f"{self.bin}:{self.path}", "LC_ALL": "C.UTF-8"}
        if stdin:
            ran = subprocess.run(command, input=script.encode(), capture_output=True, check=False, env=environment)
        else:
            # Over SSH, standard input stays open as long as the connection: who reads it waits for ever.
            reading, writing = os.pipe()
            try:
                ran = subprocess.run(
                    command, stdin=reading, capture_output=True, check=False, env=environment, timeout=30
                )
            finally:
                os.close(reading)
                os.close(writing)
        return Result(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    def read(self, script: str) -> Result:
        """What the shell says of a script that it only reads, nothing put in another's place; each is read once."""
        assert not self.places
        if (key := (self.program, script)) not in _READ:
            _READ[key] = self.run(f"set -n\n{script}")
        return _READ[key]

    def observe(self, *questions: Question) -> list[str]:
        return [line_of(answer) for answer in self.ask(*questions)]

    def ask(self, *questions: Question) -> list[Answer]:
        ran = self.run(observe_script(questions), stdin=False)
        return read_observations(questions, ran.stdout.split("\n"))

    def apply(self, *resources: Resource) -> Outcome:
        return self.apply_and_tell(*resources)[0]

    def apply_and_tell(self, *resources: Resource) -> tuple[Outcome, str]:
        """The outcome, and what stood on standard error."""
        ran = self.run(apply_script(resources))
        return read_outcome(resources, ran.stdout.splitlines()), ran.stderr

    def program_is(self, name: str, script: str) -> None:
        """Put a program in front of the host's own."""
        file = self.bin / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def only_programs(self, *names: str) -> None:
        """Leave the host with these programs of the machine, and those of `program_is`."""
        directory = self.bin.parent / "few"
        directory.mkdir()
        for name in names:
            if found := shutil.which(name):
                (directory / name).symlink_to(found)
        self.path = str(directory)


@dataclass(frozen=True)
class LocalHost:
    """Answers checks as testinfra's host does: arguments are quoted into the command, which a shell runs."""

    shell: Shell

    def run(self, command: str, *args: str) -> Result:
        text = command % tuple(shlex.quote(a) for a in args) if args else command
        return self.shell.run(text, stdin=False)


@dataclass(frozen=True)
class SayingHost:
    """Answers every command with what was written down for it: command with its arguments in place -> result."""

    answers: Mapping[str, Result]

    def run(self, command: str, *args: str) -> Result:
        text = command % args if args else command
        return next((r for start, r in self.answers.items() if text.startswith(start)), Result(127, "", "not found"))
