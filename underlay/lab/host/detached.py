"""Starts programs that outlive the command, and reads the end of their console."""

import os
import subprocess
import sys
from pathlib import Path

from underlay.lab.model.errors import LabError
from underlay.lab.system.locks import inherited

START_TIMEOUT_S = 30.0
_TAIL_BYTES, _TAIL_LINES = 4096, 6


def start(module: str, plan: Path, *, console: Path, what: str) -> None:
    """Run `module` with a plan until it has detached itself; its output is appended to the file `console`.

    :raises LabError: when it fails to start; the error has the end of its output.
    """
    with console.open("ab") as output:
        done = subprocess.run(
            [sys.executable, "-S", "-m", module, str(plan)],
            env={"PYTHONPATH": str(Path(__file__).resolve().parents[3]), "PYTHONDONTWRITEBYTECODE": "1"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C ends this command and not the host
            timeout=START_TIMEOUT_S,
            check=False,
            pass_fds=inherited(),
        )
    if done.returncode:
        raise LabError(f"{what}: cannot be started ({tail(console)})")


def tail(console: Path) -> str:
    """Return the end of a console, as one line."""
    try:
        with console.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-_TAIL_LINES:]) or f"no output in {console}"
