"""Files of settings that were taken out of the inventory go; those of the site stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.model.registry import Registry
from underlay.plan.registries import hosts_toml
from underlay.resources.strays import Strays

OURS = hosts_toml(Registry("quay.io", "https://r.example"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for host, text in {"quay.io": OURS, "ghcr.io": OURS, "docker.io": 'server = "https://own.example"\n'}.items():
        (tmp_path / host).mkdir()
        (tmp_path / host / "hosts.toml").write_text(text)
    return tmp_path


def test_what_is_declared_no_longer_goes_and_the_sites_own_stays(shell: Shell, place: Path) -> None:
    kept = f"{place}/ghcr.io/hosts.toml"
    strays = Strays(str(place), "hosts.toml", (kept,))
    (observed,) = shell.observe(strays)
    assert strays.sentence(observed) == f"stray files {place}/*/hosts.toml: remove {place}/quay.io/hosts.toml"
    assert shell.apply(strays).unmet == ()
    assert sorted(p.parent.name for p in place.glob("*/hosts.toml")) == ["docker.io", "ghcr.io"]
    assert strays.difference(shell.observe(strays)[0]) is None


@pytest.mark.parametrize("directory", ["none", "empty"])
def test_where_nothing_is_there_is_nothing_to_do(shell: Shell, tmp_path: Path, directory: str) -> None:
    (tmp_path / "empty").mkdir()
    strays = Strays(str(tmp_path / directory), "hosts.toml")
    assert shell.observe(strays) == ["strays:"]
    assert shell.apply(strays).unmet == ()


def test_a_check_names_one_that_is_left() -> None:
    strays = Strays("/c", "hosts.toml", ("/c/a/hosts.toml",))
    command = "grep -lsF '# Written by Underlay' /c/*/hosts.toml"
    assert strays.check(SayingHost({command: Result(0, "/c/a/hosts.toml\n")})) is None
    assert strays.check(SayingHost({command: Result(0, "/c/a/hosts.toml\n/c/b/hosts.toml\n")})) == (
        "/c/b/hosts.toml: is of a setting that the inventory has no longer"
    )
