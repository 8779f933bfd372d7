"""Recipes are compiled side by side, within the memory there is; the first failure ends all."""

from __future__ import annotations

import io
import os
import re
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from underlay.artifacts.build import build
from underlay.artifacts.build.side_by_side import Programs, lanes_for, run_side_by_side
from underlay.artifacts.build.steps import Steps
from underlay.artifacts.error import ArtifactError

from .build_machine import Machine

GIB = 1 << 30


@pytest.mark.parametrize(
    ("free", "cores", "lanes"),
    [(24 * GIB, 2, 2), (6 * GIB, 2, 2), (5 * GIB, 2, 1), (0, 2, 1), (24 * GIB, 1, 1), (24 * GIB, 16, 1)],
)
def test_two_recipes_at_once_where_the_memory_suffices(free: int, cores: int, lanes: int) -> None:
    assert lanes_for(free, cores=cores) == lanes


def test_parts_run_at_once_in_each_lane() -> None:
    meeting = threading.Barrier(2, timeout=300)
    run_side_by_side([meeting.wait, meeting.wait], lanes=2, programs=Programs())


def test_with_one_lane_parts_run_in_their_order() -> None:
    ran: list[int] = []
    run_side_by_side([partial(ran.append, n) for n in range(5)], lanes=1, programs=Programs())
    assert ran == list(range(5))


def test_a_failure_ends_the_programs_of_other_parts_and_starts_no_other(tmp_path: Path) -> None:
    programs, ran = Programs(), list[str]()
    started = threading.Event()

    def endless() -> None:
        with programs.run(["sleep", "600"], cwd=tmp_path, env=dict(os.environ)) as process:
            started.set()
        ran.append(f"ended by {process.returncode}")

    def failing() -> None:
        started.wait(300)
        raise ArtifactError("etcd", "go build failed")

    began = time.monotonic()
    with pytest.raises(ArtifactError, match=r"^etcd: go build failed$"):
        run_side_by_side([endless, failing, partial(ran.append, "third")], lanes=2, programs=programs)
    assert ran in (["ended by -15"], ["third", "ended by -15"], ["ended by -15", "third"])
    assert time.monotonic() - began < 500
    with (
        pytest.raises(ArtifactError, match=r"^bundle: the build was ended$"),
        programs.run(["true"], cwd=tmp_path, env={}),
    ):
        pass


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_bundle_is_the_same_however_it_is_built(
    built: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lanes: int
) -> None:
    first = built.manifest()
    (tmp_path / "home").rename(tmp_path / "first")
    monkeypatch.setattr(build, "lanes_for", lambda _free, *, cores: lanes)
    assert built.build()
    assert built.manifest() == first


def test_steps_side_by_side_each_have_their_lines() -> None:
    stream = io.StringIO()
    steps = Steps(stream)
    with steps.step("first"), steps.step("second"):
        pass
    lines = stream.getvalue().splitlines()
    assert [line.split(":")[0] for line in lines] == ["first ...", "second ...", "second", "first"]


def test_steps_side_by_side_share_a_terminal() -> None:
    stream = Terminal()
    steps = Steps(stream)
    with steps.step("first") as one:
        with steps.step("second") as two:
            one("half")
            two("done")
        one("all")
    with steps.step("third"):
        pass
    for title in ("first", "second", "third"):
        assert re.search(rf"{title}: \d+\.\d s\n", stream.getvalue())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
