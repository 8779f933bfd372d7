"""`inventories/vagrant.py` without Vagrant: what it says of the machines, and which are not up."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from underlay.inventory.spec import read_spec
from underlay.vagrant.connector import absence
from underlay.vagrant.inventory import hosts

ROOT = Path(__file__).resolve().parents[3]
INVENTORY = "inventories/vagrant.py"
UNDERLAY = [str(Path(sys.executable).with_name("underlay"))]
PYINFRA = [sys.executable, "-m", "pyinfra"]
# What every command does first, whatever is to be installed.
CONNECT = """
import sys
from underlay.cli.inventory import answering
from underlay.inventory.errors import InvalidInventory
from underlay.run.read_inventory import refuse
try:
    with answering(sys.argv[1], names=sys.argv[2:]):
        pass
except InvalidInventory as error:
    refuse(error.problems)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as `underlay init` lays one out."""
    subprocess.run([*UNDERLAY, "init", "site"], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "site"


def run(project: Path, *command: str) -> tuple[int, list[str]]:
    """Exit status and lines of a command, of which those that start with `underlay: `."""
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, "PYINFRA_PROGRESS": "off", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("underlay: ")]


def test_every_machine_has_its_private_address_and_vagrants_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("VAGRANT_DOTFILE_PATH", raising=False)
    found = hosts()
    name, variables = found.workers[1]
    assert name == "@vm/w-2"
    assert (variables["address"], variables["ssh_hostname"], variables["rack"]) == (
        "192.168.57.22",
        "192.168.57.22",
        "rack-2",
    )
    # Where Vagrant 2.3 keeps the key that it put in place of its insecure one.
    assert variables["ssh_key"] == ".vagrant/machines/w-2/libvirt/private_key"
    assert variables["ssh_known_hosts_file"] == ".vagrant/machines/w-2/libvirt/known_hosts"
    assert variables["ssh_strict_host_key_checking"] == "yes"


def test_it_is_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = hosts()
    shared = {"cluster_name": found.name, "network": {"mode": "flannel-vxlan"}, "artifacts": {"source": "upstream"}}
    machines = {name.removeprefix("@vm/"): v | shared for name, v in (*found.control_plane, *found.workers)}
    cluster = read_spec(machines, {"control_plane": ("cp-1",), "workers": ("w-1", "w-2")}).cluster
    assert [(node.name, node.rack) for node in cluster.nodes] == [
        ("cp-1", "rack-1"),
        ("w-1", "rack-1"),
        ("w-2", "rack-2"),
    ]


def test_vagrants_own_directory_may_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("VAGRANT_DOTFILE_PATH", "/srv/state")
    assert hosts().workers[0][1]["ssh_key"] == "/srv/state/machines/w-1/libvirt/private_key"


def test_a_machine_that_is_not_up_is_named_with_what_to_type(project: Path) -> None:
    at = project / ".vagrant/machines/cp-1/libvirt"
    at.mkdir(parents=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at / "private_key"], check=True)
    # Made as far as its key: an `up` that was cut short.
    reasons = {
        "cp-1": "is not up (there is no .vagrant/machines/cp-1/libvirt/known_hosts); run `vagrant up cp-1`",
        "w-1": "is not up (there is no .vagrant/machines/w-1/libvirt/private_key); run `vagrant up w-1`",
        "w-2": "is not up (there is no .vagrant/machines/w-2/libvirt/private_key); run `vagrant up w-2`",
    }
    code, lines = run(project, sys.executable, "-c", CONNECT, INVENTORY, *reasons)
    assert (code, sorted(lines)) == (1, [f"underlay: {name}: {reason}" for name, reason in reasons.items()])


def test_a_machine_that_was_halted_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert absence("w-1", [tmp_path], "127.0.0.1", port).startswith("is not up (there is no ")
        (key := tmp_path / "private_key").touch()
        assert absence("w-1", [key], "127.0.0.1", port) == ""
    assert absence("w-1", [key], "127.0.0.1", port) == (
        f"is not up (127.0.0.1, port {port}: Connection refused); run `vagrant up w-1`, or see `vagrant status w-1`"
    )


@pytest.mark.parametrize("command", [[*UNDERLAY, "plan", INVENTORY], [*PYINFRA, "-y", INVENTORY, "deploy.py"]])
def test_a_bad_list_is_a_line_for_each_problem_and_no_traceback(project: Path, command: list[str]) -> None:
    listed = json.loads((project / "vagrant.json").read_text())
    (project / "vagrant.json").write_text(json.dumps({**listed, "workers": -1, "wrokers": 2}))
    assert run(project, *command) == (
        1,
        [
            "underlay: vagrant.json.workers: input should be greater than or equal to 0 (it is -1)",
            "underlay: vagrant.json.wrokers: unknown variable 'wrokers'; did you mean workers?",
        ],
    )
