"""The stages of a command that changes a running cluster: its claim to the hosts, its deploy, its verification."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from .errors import Refused

DEPLOY = "deploy.py"


def claim_hosts(inventory: str, what: str | None = None) -> None:
    """Have the run at work take the locks of hosts that it asks, in the name of the command, or of its purpose."""
    from underlay.run.claim import claim  # noqa: PLC0415
    from underlay.run.run import current_run  # noqa: PLC0415

    run = current_run()
    run.claim = claim(inventory, what or run.purpose)


def deployed(inventory: str, variables: Mapping[str, Any], *, limit: str = "") -> bool:
    """Whether pyinfra's own command, as `underlay deploy` without a verification, succeeds with these variables.

    :param limit: the only host; all without one.
    """
    data = [f"{name}={json.dumps(value)}" for name, value in {**variables, "verify": False}.items()]
    options = [word for one in data for word in ("--data", one)] + (["--limit", limit] if limit else [])
    return (
        subprocess.run([sys.executable, "-m", "pyinfra", "-y", *options, inventory, DEPLOY], check=False).returncode
        == 0
    )


@contextmanager
def going_on(remedy: str) -> Iterator[None]:
    """Refuse to go on with every reason, and what to do about it."""
    from underlay.run.on_nodes import Stopped  # noqa: PLC0415

    try:
        yield
    except Stopped as error:
        raise Refused([*error.problems, remedy]) from None


def verify_and_conclude(
    state: Any,
    conclude: Callable[[Any], None],
    *,
    what: Callable[[Any], str],
    began: float,
    remedy: str,
    settle_s: float = 0,
) -> None:
    """Verify the cluster; conclude if nothing fails, and say what it has now, and after how long.

    :param what: of the run, what the cluster has now. :param began: in monotonic seconds.
    :param settle_s: for so many seconds a failed verification is repeated.
    :raises Refused: when a check fails.
    """
    from underlay.run.live_tests import run_checks  # noqa: PLC0415
    from underlay.run.run import current_run  # noqa: PLC0415

    run, settled = current_run(), time.monotonic() + settle_s
    while (failed := run_checks(run, state)) and time.monotonic() < settled:
        click.echo(f"{failed[0]}; what runs in the cluster may not have noticed yet: verifying again", err=True)
    if not failed:
        with going_on(remedy):
            conclude(state)
    for line in failed:
        click.echo(line, err=True)
    seconds = time.monotonic() - began
    click.echo(f"{run.spec.cluster.name}: {what(run)}, {run.verification.verdict} after {seconds:.0f} s")
    if run.verification.report:
        click.echo(f"report: {run.verification.report}")
    if failed:
        raise Refused([remedy])
