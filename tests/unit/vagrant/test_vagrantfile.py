"""Vagrantfile and inventory agree: by Vagrant's own evaluation where it is installed, by the text everywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from underlay.vagrant.node_list import ListedMachine, NodeList, read_node_list

ROOT = Path(__file__).resolve().parents[3]
EVALUATE = Path(__file__).with_name("evaluated.rb")
TEXT = (ROOT / "Vagrantfile").read_text()
LISTS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "one rack": {"racks": 1, "workers": 1},
    "five racks": {"racks": 5, "workers": 7, "control_planes": 3},
    "emulation": {"provider": "emulation"},
    "virtualbox": {"provider": "virtualbox"},
    "one by one": {
        "machines": [
            {"name": "cp-1", "role": "control_plane", "rack": 1, "address": "192.168.56.99", "memory_mb": 3072},
            {
                "name": "w-1",
                "role": "worker",
                "rack": 2,
                "address": "192.168.57.7",
                "cpus": 1,
                "box": "debian/trixie64",
            },
        ]
    },
}


@cache
def without_vagrant() -> str:
    """Why Vagrant cannot be asked here; empty where it can."""
    if not shutil.which("vagrant"):
        return "vagrant is not installed: tools/install_vagrant.sh"
    for plugin in ("vagrant", "vagrant-libvirt"):
        if subprocess.run(["ruby", "-e", f'require "{plugin}"'], capture_output=True, check=False).returncode:
            return f"ruby does not find {plugin} (a Vagrant that is not Debian's): tools/install_vagrant.sh"
    return ""


def project(tmp_path: Path, changed: dict[str, Any]) -> Path:
    listed = json.loads((ROOT / "vagrant.json").read_text())
    if "machines" in changed:
        listed = {name: listed[name] for name in ("name", "provider", "box", "network", "memory_mb", "cpus")}
    (tmp_path / "vagrant.json").write_text(json.dumps({**listed, **changed}))
    (tmp_path / "Vagrantfile").write_text(TEXT)
    return tmp_path


def ruby(directory: Path, *, provider: str = "libvirt") -> subprocess.CompletedProcess[str]:
    if reason := without_vagrant():
        pytest.skip(reason)
    keep = {name: value for name, value in os.environ.items() if not name.startswith("VAGRANT_")}
    return subprocess.run(
        ["ruby", EVALUATE, directory, provider],
        env={**keep, "VAGRANT_HOME": str(directory / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_vagrantfile_reads_what_the_list_has_and_nothing_else() -> None:
    of_list = set(re.findall(r'list(?:\[|\.fetch\()"(\w+)"', TEXT))
    of_node = set(re.findall(r'node\["(\w+)"\]', TEXT))
    assert of_list == set(NodeList.model_fields)
    assert of_node == set(ListedMachine.model_fields) - {"role"}


@pytest.mark.parametrize("name", LISTS)
def test_vagrant_and_the_inventory_see_the_same_machines(tmp_path: Path, name: str) -> None:
    listed = read_node_list(project(tmp_path, LISTS[name]) / "vagrant.json")
    done = ruby(tmp_path, provider=listed.vagrants_provider)
    assert done.returncode == 0, done.stderr
    found = {machine["name"]: machine for machine in json.loads(done.stdout)}
    assert list(found) == [*(["router"] if listed.router else []), *(machine.name for machine in listed.listed)]
    for machine in listed.listed:
        evaluated = found[machine.name]
        assert evaluated["errors"] == []
        assert evaluated["hostname"] == machine.name
        assert evaluated["box"] == (machine.box or listed.box)
        # Debian's Vagrant has no settings of VirtualBox.
        if listed.provider != "virtualbox":
            assert evaluated["memory"] == (machine.memory_mb or listed.memory_mb)
            assert evaluated["cpus"] == (machine.cpus or listed.cpus)
            assert evaluated["driver"] == ("qemu" if listed.provider == "emulation" else "kvm")
        (network,) = evaluated["networks"]
        assert (network["ip"], network["netmask"]) == (machine.address, "255.255.255.0")
        assert network["libvirt__network_name"] == f"vagrant-rack-{machine.rack}"
        ways = [line for script in evaluated["scripts"] for line in script.splitlines() if " via " in line]
        assert ways == [
            f"ExecStart=/sbin/ip route replace {listed.rack(rack)} via {listed.router[machine.rack - 1]}"
            for rack in range(1, listed.highest_rack + 1)
            if rack != machine.rack
        ]
    if listed.router:
        assert tuple(network["ip"] for network in found["router"]["networks"]) == listed.router
    assert {machine["provider"] for machine in found.values()} == {listed.vagrants_provider}


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        (("192.168.56.11", "192.168.56.999"), 'vagrant.json: w-1: "192.168.56.999" is no address'),
        (
            ("192.168.56.11", "192.168.56.11"),
            "vagrant.json: cp-1, w-1: all have 192.168.56.11; give every machine its own",
        ),
    ],
)
def test_vagrant_is_stopped_where_it_would_take_what_cannot_be(
    tmp_path: Path, addresses: tuple[str, str], said: str
) -> None:
    roles = {"cp-1": "control_plane", "w-1": "worker"}
    machines = [
        {"name": n, "role": r, "rack": 1, "address": a} for (n, r), a in zip(roles.items(), addresses, strict=True)
    ]
    done = ruby(project(tmp_path, {"machines": machines}))
    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.parametrize("provider", ["libvirt", "emulation"])
def test_vagrant_finds_every_setting_valid(tmp_path: Path, provider: str) -> None:
    if reason := without_vagrant():
        pytest.skip(reason)
    done = subprocess.run(
        ["vagrant", "validate"],
        cwd=project(tmp_path, {"provider": provider}),
        env={**os.environ, "VAGRANT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "Vagrantfile validated successfully.\n"), done.stderr
