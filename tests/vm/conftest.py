"""One site for all tests here: booting it is what takes long."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from .site import Site, standing


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A control plane and two machines, that nothing is laid down on."""
    if os.geteuid():
        pytest.skip("making hosts needs root")
    with standing() as site:
        yield site
