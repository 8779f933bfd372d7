"""What an upgrade has to know before it begins: what nobody has answered is no version that fits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from underlay.run import upgrade_cluster

HOST = cast(Any, SimpleNamespace(name="cp-1"))


def test_kubelets_that_nobody_tells_of_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade_cluster, "lines_of", lambda *_: ())
    [line] = upgrade_cluster._versions(HOST, "v1.36.3", "v1.37.2")
    assert line.startswith("cp-1: which versions the kubelets have is unknown")
    monkeypatch.setattr(upgrade_cluster, "lines_of", lambda *_: ("cp-1 v1.36.3", "w-1 v1.36.1"))
    assert list(upgrade_cluster._versions(HOST, "v1.36.3", "v1.37.2")) == []
