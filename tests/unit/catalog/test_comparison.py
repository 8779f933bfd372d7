"""The comparison of modes: no mode is named here, a new one is compared by being there."""

from __future__ import annotations

import json

import pytest

from tests.unit.clusters import MODES, REGISTERED_MODE
from underlay.catalog.comparison import Comparison, compared, comparison
from underlay.catalog.example_cluster import example_of
from underlay.catalog.filters import ModeFilter
from underlay.catalog.mode_text import mode_text
from underlay.catalog.proof import RUNGS, Proof, proof_of, read_proofs
from underlay.catalog.tables import columns, markdown, modes_table, networks_page
from underlay.networks.registry import modes


@pytest.fixture(params=MODES)
def row(request: pytest.FixtureRequest) -> Comparison:
    return compared(str(request.param), {})


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_can_serve_the_cluster_it_is_shown_on(mode: str) -> None:
    network, cluster = example_of(mode)
    assert network.problems(cluster) == []


def test_all_modes_are_compared_in_order() -> None:
    assert [row.mode for row in comparison({})] == MODES


def test_no_setting_is_without_default_meaning_or_bounds(row: Comparison) -> None:
    assert [s.name for s in row.settings] == list(modes()[row.mode].model_fields)
    for setting in row.settings:
        assert setting.meaning
        assert setting.bounds, f"{row.mode}.{setting.name}"


def test_no_default_is_a_secret(row: Comparison) -> None:
    assert "SecretStr" not in str(row.settings)
    assert "**" not in str(row.settings)


def test_one_mode_is_reported_in_full(row: Comparison) -> None:
    text = mode_text(row)
    assert text.startswith(f"{row.mode}: {row.what}\n")
    for setting in row.settings:
        assert f"  {setting.name}: {setting.meaning}" in text
    for line in (*row.prerequisites, *row.needs):
        assert line in text
    for port in row.ports:
        assert port in text
    assert f'network = {{"mode": "{row.mode}"}}' in text
    assert ("pod's packet" in text) == (row.pod_mtu is not None)


def test_what_programs_get_is_plain_data_with_everything(row: Comparison) -> None:
    data = json.loads(json.dumps(row.as_json()))
    assert data["mode"] == row.mode
    assert data["proof"]["word"] == "renders"
    assert data["status"] == row.traits.status
    assert len(data["settings"]) == len(row.settings)


def test_tables_have_every_mode_and_as_many_cells_as_heads() -> None:
    head, rows = columns(comparison({}))
    assert {len(row) for row in rows} == {len(head)}
    for table in (modes_table({}), networks_page({})):
        assert [mode for mode in MODES if f"[`{mode}`]" not in table] == []
        lines = [line for line in table.splitlines() if line.startswith("|")]
        assert all(line.endswith("|") for line in lines)


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert markdown(("a",), [("x|y",)]).splitlines()[-1] == "| x\\|y |"


def test_without_a_run_every_mode_renders() -> None:
    assert proof_of(REGISTERED_MODE, {}) == Proof(rung=1, how="unit tests")
    assert proof_of(REGISTERED_MODE, {}).word == "renders"


def test_a_runs_proof_is_read_as_it_was_written() -> None:
    text = "some-mode: {rung: 4, how: tests/lab, date: 2026-11-24, commit: abc1234}\n"
    assert read_proofs(text) == {"some-mode": Proof(4, "tests/lab", "2026-11-24", "abc1234")}
    assert read_proofs("# nothing yet\n") == {}
    assert list(RUNGS) == [1, 2, 3, 4, 5]


def test_an_empty_filter_admits_all_and_every_option_narrows(row: Comparison) -> None:
    assert ModeFilter().admits(row)
    assert ModeFilter(plugins=(row.plugin,)).admits(row)
    assert not ModeFilter(plugins=("another",)).admits(row)
    assert ModeFilter(encryption="any").admits(row) != ModeFilter(encryption="none").admits(row)
    assert ModeFilter(policy=True).admits(row) == bool(row.traits.policy)
    assert ModeFilter(max_overhead=row.overhead).admits(row)
    assert not ModeFilter(max_overhead=row.overhead - 1).admits(row)
    assert ModeFilter(kernel=row.traits.kernel_since).admits(row)
    assert not ModeFilter(kernel=(2, 6)).admits(row)
    assert ModeFilter(statuses=(row.traits.status.value,)).admits(row)
    assert not ModeFilter(min_proof=2).admits(row)
    assert ModeFilter(cloud=row.traits.cloud.upper()).admits(row)


def test_a_list_never_queries_for_what_is_not_reported() -> None:
    for row in comparison({}):
        if row.traits.encryption:
            assert ModeFilter(encryption=row.traits.encryption.split()[0].lower()).admits(row)
