"""What unit tests share: a shell, once as dash and once as bash."""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from .local_host import LocalHost, Shell

# A busy machine is no failure: nothing here is judged by the time it takes.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


# What takes longest begins first, so that no processor is idle in the end.
LONGEST = ("test_pages_for_newcomers", "test_spec_fuzz", "test_wheel", "test_recommendation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay to the end: the garbage collector is spared looking at them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture(params=["sh", "bash"])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    directory = tmp_path / "bin"
    directory.mkdir()
    return Shell(request.param, directory)


@pytest.fixture
def local(shell: Shell) -> LocalHost:
    return LocalHost(shell)
