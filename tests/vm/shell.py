"""Shell on a machine, over one SSH connection to it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab.first_host import Ran


@dataclass(frozen=True)
class MachineShell:
    """:param config: of SSH, with the machine in it."""

    name: str
    config: Path

    def run(self, command: str) -> Ran:
        """Run shell as root; nothing in it can read standard input."""
        done = subprocess.run(
            ["ssh", "-F", str(self.config), self.name, "sh -s"],
            input=f"{{ :\n{command}\n}} </dev/null\n",
            text=True,
            capture_output=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def close(self) -> None:
        """End the connection."""
        subprocess.run(["ssh", "-F", str(self.config), "-O", "exit", self.name], capture_output=True, check=False)
