"""The list that Vagrantfile and inventory share: what it stands for, and what is refused, since Vagrant does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from underlay.inventory.errors import InvalidInventory
from underlay.vagrant.node_list import NodeList, read_node_list

ROOT = Path(__file__).resolve().parents[3]
BASE = {"provider": "libvirt", "box": "debian/bookworm64", "network": "192.168.56.0/21", "memory_mb": 2048, "cpus": 2}
CP = {"name": "cp-1", "role": "control_plane", "rack": 1, "address": "192.168.56.11"}
W = {"name": "w-1", "role": "worker", "rack": 2, "address": "192.168.57.21", "memory_mb": 4096}


def read(tmp_path: Path, **changed: Any) -> NodeList:
    (path := tmp_path / "vagrant.json").write_text(json.dumps({**BASE, **changed}))
    return read_node_list(path)


def problems(tmp_path: Path, **changed: Any) -> list[str]:
    with pytest.raises(InvalidInventory) as refused:
        read(tmp_path, **changed)
    return [problem.removeprefix(f"{tmp_path}/vagrant.json") for problem in refused.value.problems]


def test_the_projects_own_list_is_three_nodes_in_two_racks_with_a_router_between() -> None:
    listed = read_node_list(ROOT / "vagrant.json")
    assert [(m.name, m.role, m.rack, m.address) for m in listed.listed] == [
        ("cp-1", "control_plane", 1, "192.168.56.11"),
        ("w-1", "worker", 1, "192.168.56.21"),
        ("w-2", "worker", 2, "192.168.57.22"),
    ]
    assert listed.router == ("192.168.56.254", "192.168.57.254")


def test_all_of_its_racks_are_where_virtualbox_allows_networks_of_the_machine_itself() -> None:
    # Since 6.1.28, without /etc/vbox/networks.conf: https://www.virtualbox.org/manual/ch06.html#network_hostonly
    assert read_node_list(ROOT / "vagrant.json").network == "192.168.56.0/21"


def test_one_rack_has_no_router(tmp_path: Path) -> None:
    assert read(tmp_path, workers=1).router == ()


def test_emulation_is_vagrants_libvirt(tmp_path: Path) -> None:
    assert read(tmp_path, provider="emulation").vagrants_provider == "libvirt"
    assert read(tmp_path, provider="virtualbox").vagrants_provider == "virtualbox"


def test_machines_may_be_listed_one_by_one(tmp_path: Path) -> None:
    listed = read(tmp_path, machines=[CP, W])
    assert [(m.name, m.memory_mb) for m in listed.listed] == [("cp-1", None), ("w-1", 4096)]
    assert listed.router == ("192.168.56.254", "192.168.57.254")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"machines": [CP, {**W, "address": "192.168.57.999"}]},
         [": machines.w-1.address: '192.168.57.999' is no IPv4 address; use one of rack 2, 192.168.57.0/24"]),
        ({"machines": [CP, {**W, "rack": 1, "address": "192.168.56.11"}]},
         [": machines.w-1.address: 192.168.56.11 is also cp-1's; give every machine its own"]),
        ({"machines": [CP, {**W, "address": "192.168.57.254"}]},
         [": machines.w-1.address: 192.168.57.254 is also the router's; give every machine its own"]),
        ({"machines": [CP, {**W, "address": "192.168.56.21"}]},
         [": machines.w-1.address: 192.168.56.21 is no machine's in rack 2; use 192.168.57.2 to 192.168.57.254"]),
        ({"machines": [{**CP, "address": "192.168.56.1"}]},
         [": machines.cp-1.address: 192.168.56.1 is no machine's in rack 1; use 192.168.56.2 to 192.168.56.254"]),
        ({"machines": [CP, {**W, "name": "cp-1"}, {**W, "name": "router", "address": "192.168.57.22"}]},
         [": machines: 2 are named cp-1; give each a name of its own",
          ": machines: 2 are named router; give each a name of its own"]),
        ({"machines": [CP], "workers": 2, "racks": 1},
         [": machines: stands beside workers and racks; give the list or the numbers"]),
        ({"network": "192.168.56.0/23", "racks": 3},
         [": network: 192.168.56.0/23 has no /24 for each of 3 racks; use a larger one"]),
        ({"network": "192.168.56.1/21"},
         [": network: '192.168.56.1/21' is not a network (192.168.56.1/21 has host bits set); use one such as 192.168.56.0/21"]),
        ({"provider": "vmware", "wrokers": 2},
         [".provider: input should be 'libvirt', 'virtualbox' or 'emulation' (it is 'vmware')",
          ".wrokers: unknown variable 'wrokers'; did you mean workers?"]),
        ({"machines": [{**CP, "role": "master"}]},
         [".machines.0.role: input should be 'control_plane' or 'worker' (it is 'master')"]),
        ({"workers": "two"}, [".workers: input should be a valid integer (it is 'two')"]),
    ],
)  # fmt: skip
def test_every_problem_is_a_line(tmp_path: Path, changed: dict[str, Any], expected: list[str]) -> None:
    assert problems(tmp_path, **changed) == expected


def test_no_list_and_no_json_are_a_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInventory, match=r"none\.json: cannot be read \(No such file or directory\); it stands"):
        read_node_list(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text('{"workers": 2')
    with pytest.raises(InvalidInventory, match=r"bad\.json: is not JSON \(Expecting ',' delimiter: .*\); correct it"):
        read_node_list(tmp_path / "bad.json")
