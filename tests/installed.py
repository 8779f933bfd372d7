"""The package installed from its wheel, in an environment of its own away from the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and the directory that commands run in; `variables` join the process's own."""

    environment: Path
    directory: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, *command: str, code: int = 0) -> str:
        """What a program of the environment prints, on either stream, colours taken out.

        :param code: the exit status that it must have.
        """
        keep = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        done = subprocess.run(
            [self.environment / "bin" / command[0], *command[1:]],
            cwd=self.directory,
            env={**keep, "COLUMNS": "200", "PYINFRA_PROGRESS": "off", **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == code, done.stdout
        return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)

    def python(self, script: str) -> str:
        return self.run("python", "-c", dedent(script))

    def project(self, name: str) -> Installed:
        """A project that `underlay init` lays out."""
        self.run("underlay", "init", name)
        return replace(self, directory=self.directory / name)


def build_wheel(directory: Path) -> Path:
    """Build the checkout's wheel, offline."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory], cwd=ROOT, check=True)
    (built,) = directory.iterdir()
    return built


def install(wheel: Path, directory: Path, **variables: str) -> Installed:
    """Install the wheel alone; what it depends on is lent by this process's environment, without the checkout."""
    environment = directory / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"), "install", "--no-index"]
    subprocess.run([*pip, "-q", "--disable-pip-version-check", "--no-deps", str(wheel)], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    # A .pth file among these is not read, so neither is the one of an editable installation.
    lent = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (packages / "lent.pth").write_text("".join(f"{path}\n" for path in lent))
    return Installed(environment, directory, variables)
