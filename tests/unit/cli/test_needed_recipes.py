"""`underlay bundle --for`: the recipes that the clusters of inventories are installed from."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from underlay.artifacts.build.recipes import required_recipes
from underlay.cli.bundle import bundle_command
from underlay.cli.errors import Refused
from underlay.cli.needed_recipes import recipes_for


def test_a_lab_with_flannel_needs_all_but_helm() -> None:
    assert required_recipes() - recipes_for(["inventories/lab.py"]) == {"helm"}


def test_a_lab_with_routes_needs_no_flannel_and_two_inventories_need_what_either_does() -> None:
    routed = recipes_for(["inventories/lab_bgp.py"])
    assert required_recipes() - routed == {"helm", "flannel", "flannel-cni"}
    assert recipes_for(["inventories/lab_bgp.py", "inventories/lab.py"]) > routed


def test_charts_need_helm_and_a_load_balancer_needs_metallb(tmp_path: Path) -> None:
    lab = Path("inventories/lab.py").read_text().replace("flannel-vxlan", "calico-vxlan")
    (tmp_path / "lab.py").write_text(lab.replace("_load_balancer = False", "_load_balancer = True"))
    assert required_recipes() ^ recipes_for([str(tmp_path / "lab.py")]) == {"flannel", "flannel-cni", "metallb"}


def test_a_policy_engine_needs_itself_alone(tmp_path: Path) -> None:
    lab = Path("inventories/lab.py").read_text()
    (tmp_path / "lab.py").write_text(lab.replace("_network_policy = False", "_network_policy = True"))
    without = recipes_for(["inventories/lab.py"])
    assert recipes_for([str(tmp_path / "lab.py")]) - without == {"kube-router"}


def test_an_invalid_inventory_is_refused_with_its_problems(tmp_path: Path) -> None:
    (tmp_path / "lab.py").write_text('lab = (["a"], {"network": {"mode": "flanel-vxlan"}})\n')
    with pytest.raises(Refused) as error:
        recipes_for([str(tmp_path / "lab.py")])
    assert "did you mean flannel-vxlan?" in str(error.value)


@pytest.mark.parametrize("other", [["--verify"]])
def test_applies_to_builds_only(other: list[str]) -> None:
    done = CliRunner().invoke(bundle_command, ["--for", "inventories/lab.py", *other])
    assert done.exit_code == 2
    assert "--for applies to builds only" in done.output
