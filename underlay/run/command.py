"""How a phase acts: pyinfra commands that run one script, or fail with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from paramiko import SSHException
from pyinfra import logger
from pyinfra.api import Host, State, StringCommand
from pyinfra.api.command import PyinfraCommand

from .observe import count, forget
from .run import current_run


@dataclass(frozen=True)
class Ran:
    """What a script left: its standard output and error as lines."""

    ok: bool
    out: tuple[str, ...]
    err: tuple[str, ...]


class Step(PyinfraCommand):
    """One action on a host; `act` returns the reason of a failure, or None."""

    def __init__(self, title: str, act: Callable[[Host, dict[str, Any]], str | None]) -> None:
        super().__init__()
        self.title = title
        self.act = act

    def __repr__(self) -> str:
        return f"Step({self.title})"

    def execute(self, state: State, host: Host, connector_arguments: Any) -> bool:
        forget(host)
        try:
            reason = self.act(host, dict(connector_arguments))
        except (OSError, EOFError, SSHException) as error:
            reason = f"the connection was lost ({error or type(error).__name__})"
        if reason is None:
            current_run().log.changes.setdefault(host.name, []).append(self.title)
            return True
        fail(host, f"{self.title}: {reason}" if self.title else reason)
        return False


Steps = Generator[Step, None, None]
"""What an operation yields: nothing when all is as it should be."""


class Fail(Step):
    """Fails the host with a sentence, touching nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__("", lambda _host, _arguments: reason)


def run_script(host: Host, script: str, arguments: dict[str, Any]) -> Ran:
    """Run shell text on the host. It goes through standard input: nothing of it stands in a process list or a log."""
    count(host)
    ok, output = host.run_shell_command(StringCommand("sh", "-s"), **{**arguments, "_stdin": script})
    return Ran(ok, tuple(output.stdout_lines), tuple(output.stderr_lines))


def fail(host: Host, reason: str) -> None:
    """Tell why the host failed, now and in the summary."""
    current_run().log.failures.setdefault(host.name, reason)
    for line in reason.splitlines():
        logger.error(f"{host.print_prefix}{line}")


def tail(lines: Sequence[str], *, most: int = 8) -> str:
    """The last lines of an output, as the end of a sentence."""
    kept = [line for line in lines if line.strip()][-most:]
    return "\n  ".join(kept) if len(kept) > 1 else "".join(kept)
