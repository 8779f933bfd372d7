"""The environment of Go's tools: the cache is kept, and memory is used where there is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from underlay.artifacts.build.go_environment import free_memory, go_environment, memory_limits, size_of

from .build_machine import Machine

GIB = 1 << 30


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOCACHE", "GOGC", "GOMEMLIMIT"):
        monkeypatch.delenv(name, raising=False)


def test_the_compiler_cache_is_below_the_state_root(machine: Machine) -> None:
    assert go_environment()["GOCACHE"] == str(machine.root / "home" / "build" / "cache")


def test_a_cache_that_the_environment_names_is_used(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOCACHE", "/elsewhere")
    assert go_environment()["GOCACHE"] == "/elsewhere"


def test_the_compiler_does_not_collect_garbage_where_memory_is_plenty() -> None:
    assert memory_limits(20 * GIB, processes=4) == {"GOGC": "off", "GOMEMLIMIT": "2560MiB"}
    assert memory_limits(8 * GIB, processes=4) == {"GOGC": "off", "GOMEMLIMIT": "1024MiB"}


def test_go_decides_where_memory_is_short_or_unknown() -> None:
    assert memory_limits(8 * GIB - 1, processes=4) == {}
    assert memory_limits(0, processes=2) == {}


@pytest.mark.parametrize("name", ["GOGC", "GOMEMLIMIT"])
def test_limits_of_the_environment_are_kept(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "77")
    assert {k: v for k, v in go_environment().items() if k in ("GOGC", "GOMEMLIMIT")} == {name: "77"}


def test_free_memory_is_the_machines(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal:  9000 kB\nMemAvailable:    4000 kB\n")
    assert free_memory(tmp_path) == 4000 * 1024


@pytest.mark.parametrize(("limit", "free"), [("3000000", 2_000_000), ("max", 4_096_000), ("500000", 0)])
def test_free_memory_is_less_in_a_cgroup_with_a_limit(tmp_path: Path, limit: str, free: int) -> None:
    for name, text in {
        "proc/meminfo": "MemAvailable: 4000 kB\n",
        "sys/fs/cgroup/memory.max": limit,
        "sys/fs/cgroup/memory.current": "1000000",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert free_memory(tmp_path) == free


def test_free_memory_is_unknown_without_proc(tmp_path: Path) -> None:
    assert free_memory(tmp_path) == 0


def test_a_caches_size_is_that_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "00").mkdir()
    (tmp_path / "00/a").write_bytes(b"12345")
    (tmp_path / "README").write_bytes(b"1")
    assert size_of(tmp_path) == 6
    assert size_of(tmp_path / "none") == 0
