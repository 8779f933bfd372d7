"""The document of figures: what is measured is renewed, what is not stays, and nothing is counted too well."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.cluster import Deploy, phase_rows
from tests.bench.document import renew
from tests.bench.figures import grow
from tests.bench.summary import Summary
from tests.bench.table import Row, Section, fraction


def section(name: str, *values: float) -> Section:
    return Section(name, name.title(), "How.", (Row("thing", "s", values, target="6 / 2.5 s"),), facts=("2 cores",))


def test_a_section_shows_the_median_and_every_run() -> None:
    assert section("core", 3.0, 1.0, 2.25).markdown() == (
        "## Core\n\n| what | median | counted runs | target: minimum / aim |\n| --- | --- | --- | --- |\n"
        "| thing | 2.25 s | 3, 1, 2.25 | 6 / 2.5 s |\n\nHow.\n\n*2 cores*\n"
    )


def test_renews_one_section_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "figures.md"
    renew(path, [section("core", 1.0), section("grow", 2.0)])
    renew(path, [section("core", 7.0)])
    text = path.read_text()
    assert "| thing | 7 s |" in text
    assert "| thing | 2 s |" in text
    assert "| thing | 1 s |" not in text
    assert text.index("## Core") < text.index("## Grow")


def test_ratios_are_told_as_the_aims_are() -> None:
    ours = Row("ours", "s", (1.0,))
    assert fraction(ours, Row("rival", "s", (130.4,))) == "1/130"
    assert fraction(ours, Row("rival", "s", (5.04,))) == "1/5.0"


def test_phases_and_what_the_program_takes_beside_them_make_the_wall() -> None:
    runs = [
        Deploy(wall, "", Summary({}, 1, phases, seconds, 0))
        for wall, seconds, phases in (
            (2.5, 1.5, {"Connect": 0.5, "Query hosts": 1.0}),
            (3.0, 2.25, {"Query hosts": 2.0}),
        )
    ]
    assert [(row.what, row.values) for row in phase_rows(runs)] == [
        ("of it, the program's start and end", (1.0, 0.75)),
        ("of it, Connect", (0.5, 0.0)),
        ("of it, Query hosts", (1.0, 2.0)),
    ]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"cp-1": 2, "w-3": 5}, None, id="the-new-one"),
        pytest.param({"cp-1": 2}, "nothing was changed on w-3, which was to be added", id="nobody"),
        pytest.param({"w-1": 1, "w-3": 5}, "it changed w-1 too", id="another-worker"),
    ],
)
def test_a_worker_is_added_only_where_no_other_is_touched(changed: dict[str, int], reason: str | None) -> None:
    assert grow.refusal(changed, "w-3") == reason
