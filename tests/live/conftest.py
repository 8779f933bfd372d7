"""The target cluster for every live test, and the report they leave."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from underlay.verify.evidence import evidence  # noqa: F401  a fixture of every check
from underlay.verify.parametrize import (  # noqa: F401  fixtures, and what checks run over
    measured,
    pytest_collection_modifyitems,
    pytest_generate_tests,
    states,
    under_way,
)
from underlay.verify.progress import Progress
from underlay.verify.recorder import Verification
from underlay.verify.target import Target, opened, target_of_session

_verification = Verification()
_progress = Progress()


@pytest.fixture(scope="session")
def target() -> Target:
    return target_of_session()


def pytest_collection_finish(session: pytest.Session) -> None:
    _progress.begin(len(session.items))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or not report.passed:
        _progress.end(failed=report.failed)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    _verification.add(item, outcome.get_result())  # type: ignore[attr-defined]


# Last: an interrupted run's fixtures are torn down by pytest in this hook, over the target's connections.
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if target := opened():
        try:
            _verification.write(target, exitstatus)
        finally:
            target.close()
