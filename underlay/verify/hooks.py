"""Hooks of pytest in a verification: progress while checks run, and the report at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .progress import CheckCounter
from .recorder import Recorder
from .target import opened_target

_recorder = Recorder()
_counter = CheckCounter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Checks that need the traffic come last: all others run while it flows."""
    waiting = {"measured", "policy_results", "cluster_policy_results"}
    items.sort(key=lambda item: bool(waiting & set(getattr(item, "fixturenames", ()))))


def pytest_collection_finish(session: pytest.Session) -> None:
    _counter.begin(len(session.items))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or not report.passed:
        _counter.end(failed=report.failed)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    _recorder.add(item, outcome.get_result())  # type: ignore[attr-defined]


# Last: pytest tears down an interrupted run's fixtures in this hook, over the target's connections.
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if target := opened_target():
        try:
            _recorder.write(target, exitstatus)
        finally:
            target.close()
