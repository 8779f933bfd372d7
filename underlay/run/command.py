"""How a phase acts on a host: pyinfra commands that run one script, or fail with a reason."""

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
class ScriptResult:
    """Result of a script: whether it exited with 0, and its standard output and error as lines."""

    ok: bool
    out: tuple[str, ...]
    err: tuple[str, ...]


class Step(PyinfraCommand):
    """One action on a host; `act` returns the reason why it failed, or None."""

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
"""What an operation yields: nothing where all is as declared."""


class Fail(Step):
    """Fails the host with a reason, and changes nothing on it."""

    def __init__(self, reason: str) -> None:
        super().__init__("", lambda _host, _arguments: reason)


def run_script(host: Host, script: str, arguments: dict[str, Any]) -> ScriptResult:
    """Run shell text on the host. It is passed on standard input: it appears in no process list and no log."""
    count(host)
    ok, output = host.run_shell_command(StringCommand("sh", "-s"), **{**arguments, "_stdin": script})
    return ScriptResult(ok, tuple(output.stdout_lines), tuple(output.stderr_lines))


def fail(host: Host, reason: str) -> None:
    """Report why the host failed, now and in the summary."""
    current_run().log.failures.setdefault(host.name, reason)
    for line in reason.splitlines():
        logger.error(f"{host.print_prefix}{line}")


def tail(lines: Sequence[str], *, most: int = 8) -> str:
    """The last lines of an output, as the end of a sentence."""
    kept = [line for line in lines if line.strip()][-most:]
    return "\n  ".join(kept) if len(kept) > 1 else "".join(kept)
