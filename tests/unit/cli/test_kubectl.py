"""`underlay kubectl` takes the one cluster deployed from here, or the one that is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from underlay.cli.errors import Refused
from underlay.cli.kubectl import kubectl_command


@pytest.mark.parametrize(
    ("clusters", "named", "problem"),
    [
        ((), None, ".underlay: no cluster was deployed from this directory; run underlay deploy INVENTORY"),
        (("a", "b"), None, "UNDERLAY_CLUSTER: is not set, and there are several clusters; known here are a, b"),
        (("a", "b"), "c", "UNDERLAY_CLUSTER: unknown cluster c; known here are a, b"),
    ],
)
def test_no_cluster_or_several_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clusters: tuple[str, ...], named: str | None, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("UNDERLAY_CLUSTER", raising=False)
    if named:
        monkeypatch.setenv("UNDERLAY_CLUSTER", named)
    for name in clusters:
        (tmp_path / ".underlay" / name).mkdir(parents=True)
        (tmp_path / ".underlay" / name / "kubeconfig").touch()
    error = CliRunner().invoke(kubectl_command, ["get", "nodes"], standalone_mode=False).exception
    assert isinstance(error, Refused)
    assert error.message == problem
