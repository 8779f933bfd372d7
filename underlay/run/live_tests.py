"""Runs the live tests against a cluster, keeps their report, and returns what failed."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from gevent import subprocess
from pyinfra import logger
from pyinfra.api import State

from underlay.artifacts.site_lock import site_lock_of
from underlay.encoding import UTF8_STREAMS
from underlay.files import shipped
from underlay.inventory.spec import Hosts
from underlay.report.load import read_report
from underlay.report.summary import failures, notes, verdict

from .run import Run, Verification
from .shells import environment, shells

LIVE = shipped("tests/live")
REPORTS = Path("reports")
# Those that concern a host alone, as pytest names them: no pod is started for them.
OF_HOSTS = tuple(
    f"{LIVE}/{test}"
    for test in ("test_hosts.py::test_resource", "test_cluster.py::test_api", "test_network.py::test_no_other_mode")
)
# The checks use no other plugin that may be installed, and loading them takes a third of a second.
_BARE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
_SECRET = frozenset({"ssh_password", "ssh_key_password", "_sudo_password", "_su_password"})
# Lines of pytest's output that are shown where there is no report.
TAIL = 10
# Seconds that an interrupted run has to finish its requests and to delete its namespace.
TIDY_S = 60


def run_checks(run: Run, state: State, *, version: str = "") -> list[str]:
    """Run the live tests over the state's connections and set `run.verification`; what failed, as lines.

    Of a limited run those that concern a host alone, for the hosts within the limit.

    :param version: of Kubernetes that the cluster has, before an upgrade; hosts are not held against the new one's.
    """
    with run_folder(run.spec.cluster.name) as (partial, directory):
        tests, only = (OF_HOSTS, run.limit.names) if run.limit else ([str(LIVE)], ())
        before = [f"--ignore={LIVE}/test_hosts.py"] if version else []
        code, output = run_pytest(run, state, [*tests, *before], to=partial, only=only, version=version)
    path = directory / "report.json"
    if not path.exists():
        run.verification = Verification("verification did not run")
        return ["verification did not run:", *output.splitlines()[-TAIL:]]
    report = read_report(path.read_text(encoding="utf-8"), where=str(path))
    run.verification = Verification(
        verdict(report),
        notes=notes(report),
        report=str(directory.resolve() / "report.html"),
        nodes={name: {"version": n.version, "state": n.state or "unknown"} for name, n in report.nodes.items()},
    )
    if report.verdict == "verified" and code == 0:
        return []
    logger.debug(output)
    if report.cut_short:
        return [run.verification.verdict, *failures(report), *output.splitlines()[-TAIL:]]
    return [run.verification.verdict, *failures(report)]


def run_pytest(
    run: Run,
    state: State,
    selected: Sequence[str],
    *,
    to: Path,
    only: Sequence[str] = (),
    phases: Sequence[str] = (),
    version: str = "",
) -> tuple[int, str]:
    """Exit status and output of live tests over the state's connections.

    :param selected: files, or tests in them, as pytest names them.
    :param to: the folder for the report. :param only: the hosts to check; all without any.
    :param phases: those that have come to an end; all without any.
    :param version: of Kubernetes that nodes have; without it the inventory's.
    """
    with (
        shells(state, run.observed.silent) as descriptor,
        tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as hosts,
    ):
        # Readable by this user alone: variables can hold the password of BGP sessions.
        json.dump(
            _context(run) | {"only": list(only), "phases_ended": list(phases), "version": version}, hosts, default=str
        )
        hosts.flush()
        return _output_of(
            [sys.executable, "-m", "pytest", *selected, "-q", "-p", "no:cacheprovider", "-c", os.devnull,
             # Captures print, and leaves the checks' own progress lines alone.
             "--capture=sys", "--no-header", "--tb=short", f"--rootdir={LIVE}"],
            {
                "UNDERLAY_HOSTS": hosts.name,
                "UNDERLAY_REPORT": str(to),
                **environment(descriptor),
                **UTF8_STREAMS,
                **_BARE,
            },
            descriptor,
        )  # fmt: skip


@contextmanager
def run_folder(cluster: str) -> Iterator[tuple[Path, Path]]:
    """A run's folder: its name while it is written, and its name once it is complete."""
    name = f"{cluster}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in count(1):
        directory = REPORTS / (name if number == 1 else f"{name}-{number}")
        partial = directory.with_name(f"{directory.name}.partial")
        # Another run may have started in the same second.
        with suppress(FileExistsError):
            partial.mkdir(parents=True)
            if not directory.exists():
                break
            partial.rmdir()
    yield partial, directory
    # Without a report the folder is empty, and is removed.
    with suppress(OSError):
        partial.rmdir()
        return
    partial.rename(directory)


def _output_of(command: list[str], variables: dict[str, str], descriptor: int) -> tuple[int, str]:
    """Exit status and standard output of a command; on Ctrl-C it gets the time to remove what it created."""
    with subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.PIPE, pass_fds=(descriptor,)
    ) as process:
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:
            try:
                with suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=TIDY_S)
            finally:
                process.kill()
            raise
    return process.returncode, output.decode(errors="replace").strip()


def without_secrets(hosts: Hosts) -> Hosts:
    """Variables of hosts without passwords of logins: the connections are here."""
    return {name: {k: v for k, v in data.items() if k not in _SECRET} for name, data in hosts.items()}


def _context(run: Run) -> dict[str, Any]:
    """What is passed to the checks and their report: the inventory, and what the deploy did and found so far."""
    found = [f.as_dict() for f in run.preflight.findings or ()]
    # A run that has queried its hosts knows the path's MTU.
    path = {"path_mtu": run.spec.cluster.path_mtu} if run.observed.answers else {}
    return {
        "hosts": without_secrets(run.inventory.hosts),
        "groups": run.inventory.groups,
        "site_lock": str(site_lock_of(run.inventory.name)),
        "phases": run.log.phases,
        "rollout": run.rollout.sentence,
        "findings": found,
        "name_servers": run.observed.name_servers,
        **path,
    }
