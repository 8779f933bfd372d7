"""How a phase acts on a host: pyinfra commands that run one script, or fail with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

from pyinfra import logger
from pyinfra.api import Host, State
from pyinfra.api.command import PyinfraCommand

from underlay.plan.run_lock import at_work

from .access_error import AccessError, of_this_machine
from .claim import TOKEN
from .observe import count, forget
from .privilege import run_as_root
from .run import current_run


@dataclass(frozen=True)
class ScriptResult:
    """Result of a script: its exit status, and its standard output and error as lines."""

    status: int
    out: tuple[str, ...]
    err: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.status == 0

    def reason(self, *, most: int = 8) -> str:
        """Why it failed: the last lines of its standard error, or how it ended.

        :param most: lines that are kept.
        """
        return tail(self.err, most=most) or _end(self.status)


class Step(PyinfraCommand):
    """One action on a host; `act` returns the reason why it failed, or None."""

    def __init__(self, title: str, act: Callable[[Host, dict[str, Any]], str | None]) -> None:
        super().__init__()
        self.title = title
        self.act = act

    def __repr__(self) -> str:
        return f"Step({self.title})"

    def execute(self, state: State, host: Host, connector_arguments: Any) -> bool:
        forget(host.name)
        try:
            reason = self.act(host, dict(connector_arguments))
        except AccessError as error:
            reason = error.reason
        except OSError as error:
            reason = of_this_machine(error)
        if reason is None:
            current_run().log.changes.setdefault(host.name, []).append(self.title)
            return True
        fail(host, f"{self.title}: {reason}" if self.title else reason)
        return False


Steps = Generator[Step, None, None]
"""What an operation yields: nothing where all is as declared."""
P = ParamSpec("P")
# Lines of klog (kubectl, kubeadm, helm), warnings of kubectl and helm 3, of helm 4 (slog), kubeadm's preflight, apt.
_LOGGED = re.compile(
    r"\s*(?:(?P<error>E)\d{4} |[IW]\d{4} |(?i:warning): "
    r"|(?:time=\S+ )?level=(?:WARN|INFO|DEBUG|warning|info) |\[WARNING |[WN]: )"
)


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
    text = f"{at_work(TOKEN)}{script}" if current_run().claim else script
    status, out, err = run_as_root(host, text, arguments, more=more)
    return ScriptResult(status, _lines(out), _lines(err))


def reason_of_script(host: Host, script: str, arguments: dict[str, Any], *, most: int = 8) -> str | None:
    """Run a script; why it failed, in the last lines of its standard error, or None.

    :param most: lines that are kept.
    """
    ran = run_script(host, script, arguments)
    return None if ran.ok else ran.reason(most=most)


def _lines(output: bytes) -> tuple[str, ...]:
    return tuple(output.decode(errors="replace").removesuffix("\n").split("\n")) if output else ()


def _end(status: int) -> str:
    # SSH gives no status of a shell that a signal has ended.
    if status < 0 or status > 128:
        return "it was killed; look at the host's memory, then run again"
    return f"it ended with exit status {status}, and said nothing"


def fail(host: Host, reason: str) -> None:
    """Report why the host failed, now and in the summary."""
    current_run().log.failures.setdefault(host.name, reason.removeprefix(f"{host.name}: "))
    for line in reason.splitlines():
        logger.error(f"{host.print_prefix}{line}")


def tail(lines: Sequence[str], *, most: int = 8) -> str:
    """The last lines of an output, as the end of a sentence: warnings only where there is nothing else."""
    spoken = [line for line in lines if line.strip()]
    # Each rank is worth more than the next: words of a program, errors in a log, warnings.
    ranks = [0 if not (found := _LOGGED.match(line)) else 2 - bool(found["error"]) for line in spoken]
    kept = [line for line, rank in zip(spoken, ranks, strict=True) if rank == min(ranks)][-most:]
    return "\n  ".join(kept) if len(kept) > 1 else "".join(kept)
