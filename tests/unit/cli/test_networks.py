"""`underlay networks`: all of it through a pipe, what fits on a terminal, one mode in full, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.unit.clusters import MODES, REGISTERED_MODE
from underlay.catalog.comparison import comparison
from underlay.catalog.tables import columns
from underlay.cli.errors import Refused
from underlay.cli.networks import SPARE, networks_command
from underlay.cli.proofs import proofs
from underlay.cli.table import too_many
from underlay.networks.registry import modes, retired


def networks(*arguments: str) -> Result:
    return CliRunner().invoke(networks_command, arguments, standalone_mode=False)


def test_through_a_pipe_nothing_is_cut_off() -> None:
    head, rows = columns(comparison(proofs()))
    lines = networks().output.splitlines()
    assert len(lines) == len(rows) + 1
    for line, row in zip(lines, (head, *rows), strict=True):
        assert [cell for cell in row if cell not in line] == []


def test_programs_get_every_mode_with_its_settings() -> None:
    printed = json.loads(networks("--json").output)
    assert [entry["mode"] for entry in printed] == MODES
    for entry in printed:
        assert [s["name"] for s in entry["settings"]] == list(modes()[entry["mode"]].model_fields)


def test_filters_narrow_the_list_together() -> None:
    printed = json.loads(networks("--policy", "--encryption", "any", "--across-racks", "--json").output)
    expected = [
        row.mode
        for row in comparison({})
        if row.traits.policy and row.traits.encryption and row.traits.reach.value != "no"
    ]
    assert [entry["mode"] for entry in printed] == expected
    assert 0 < len(expected) < len(MODES)


def test_filters_that_leave_nothing_are_reported() -> None:
    assert networks("--max-overhead", "0", "--encryption", "any").output.startswith("no mode passes all filters; ")


def test_one_mode_is_shown_with_its_picture_and_as_json() -> None:
    assert "pod's packet" in networks(REGISTERED_MODE).output
    assert json.loads(networks(REGISTERED_MODE, "--json").output)["mode"] == REGISTERED_MODE


def refusal(*arguments: str) -> str:
    error = networks(*arguments).exception
    assert isinstance(error, Refused)
    return error.message


def test_a_name_that_is_not_known_leads_to_the_nearest() -> None:
    assert refusal(f"{REGISTERED_MODE}x") == f"MODE: unknown mode '{REGISTERED_MODE}x'; did you mean {REGISTERED_MODE}?"
    plugin = REGISTERED_MODE.partition("-")[0]
    assert refusal("--plugin", f"{plugin}x") == f"--plugin: unknown plugin '{plugin}x'; did you mean {plugin}?"


@pytest.mark.parametrize("name", sorted(retired()))
def test_a_name_out_of_date_leads_to_what_became_of_it(name: str) -> None:
    assert refusal(name) == f"{name}: is out of date; {retired()[name]}"


def test_a_narrow_terminal_goes_without_the_least_telling_columns() -> None:
    head, rows = columns(comparison({}))
    assert set(SPARE) < set(head)
    assert too_many(head, rows, SPARE, width=1000) == []
    narrow, narrower = too_many(head, rows, SPARE, width=150), too_many(head, rows, SPARE, width=90)
    assert narrow == list(SPARE[: len(narrow)])
    assert narrower[: len(narrow)] == narrow
    assert len(narrower) > len(narrow) > 0


def test_the_data_paths_are_drawn_into_the_directory(tmp_path: Path) -> None:
    networks("--draw", str(tmp_path / "pictures"))
    assert {p.stem for p in (tmp_path / "pictures").iterdir()} >= {m for m in MODES if modes()[m].data_path} - {
        row.mode for row in comparison({}) if row.pod_mtu is None
    }
