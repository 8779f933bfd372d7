"""How a phase acts on a host: pyinfra commands that run one script, or fail with a reason."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

from pyinfra import logger
from pyinfra.api import Host, State
from pyinfra.api.command import PyinfraCommand

from .access_error import AccessError
from .observe import count, forget
from .privilege import run_as_root
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
        except AccessError as error:
            reason = error.reason
        except OSError as error:
            reason = f"this machine: {error}; look at its disk and at the file's mode, then run again"
        if reason is None:
            current_run().log.changes.setdefault(host.name, []).append(self.title)
            return True
        fail(host, f"{self.title}: {reason}" if self.title else reason)
        return False


Steps = Generator[Step, None, None]
"""What an operation yields: nothing where all is as declared."""
P = ParamSpec("P")


def guarded(operation: Callable[P, Steps]) -> Callable[P, Steps]:
    """The steps of an operation that queries a host first; one that does not answer fails with the reason."""

    @wraps(operation)
    def steps(*arguments: P.args, **named: P.kwargs) -> Steps:
        try:
            yield from operation(*arguments, **named)
        except AccessError as error:
            yield Fail(str(error))

    return steps


class Fail(Step):
    """Fails the host with a reason, and changes nothing on it."""

    def __init__(self, reason: str) -> None:
        super().__init__("", lambda _host, _arguments: reason)


def run_script(host: Host, script: str, arguments: dict[str, Any], *, more: Iterable[bytes] = ()) -> ScriptResult:
    """Run shell text on the host. It is passed on standard input: it appears in no process list and no log.

    :param more: the script's own standard input.
    :raises AccessError: when it does not run, or its end is not known.
    """
    count(host)
    status, out, err = run_as_root(host, script, arguments, more=more)
    return ScriptResult(status == 0, _lines(out), _lines(err))


def reason_of_script(host: Host, script: str, arguments: dict[str, Any], *, most: int = 8) -> str | None:
    """Run a script; why it failed, in the last lines of its standard error, or None.

    :param most: lines that are kept.
    """
    ran = run_script(host, script, arguments)
    return None if ran.ok else tail(ran.err, most=most)


def _lines(output: bytes) -> tuple[str, ...]:
    return tuple(output.decode(errors="replace").removesuffix("\n").split("\n")) if output else ()


def fail(host: Host, reason: str) -> None:
    """Report why the host failed, now and in the summary."""
    current_run().log.failures.setdefault(host.name, reason.removeprefix(f"{host.name}: "))
    for line in reason.splitlines():
        logger.error(f"{host.print_prefix}{line}")


def tail(lines: Sequence[str], *, most: int = 8) -> str:
    """The last lines of an output, as the end of a sentence."""
    kept = [line for line in lines if line.strip()][-most:]
    return "\n  ".join(kept) if len(kept) > 1 else "".join(kept)
