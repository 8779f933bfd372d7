"""A cluster whose control plane is lost comes back from its backup, and its workers never stop."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from .deployed import ROOT, Deployed
from .flows import pods, workload

pytestmark = [pytest.mark.lab]

BEFORE, AFTER = "made-before", "made-after"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Two hosts on one segment, with servers on each."""
    fields = {"name": "restore", "network": "10.152.0.0/16", "workers": 1, "racks": 1}
    with Deployed(lab=fields).booted() as deployed:
        run = deployed.deploy("--data", "verify=false")
        assert run.code == 0, run.end
        workload(deployed, tmp_path_factory.mktemp("servers"))
        yield deployed
    for left in (ROOT / "backups").glob("restore-*"):
        left.unlink()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A public key of age, and the file with the private one."""
    made = pyrage.x25519.Identity.generate()
    path = tmp_path_factory.mktemp("keys") / "key.txt"
    path.write_text(f"{made}\n")
    return str(made.to_public()), path


def on_worker(lab: Deployed) -> set[str]:
    """The containers that run on the worker, and the processes of its servers."""
    return {*lab.ssh("w-1", "ctr -n k8s.io tasks ls -q; pgrep -f 'agnhost netexec'").split()}


def config_maps(lab: Deployed) -> set[str]:
    return {*lab.kubectl("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}").split()}


def test_a_backup_is_private_and_opened_by_its_key_alone(lab: Deployed, key: tuple[str, Path], tmp_path: Path) -> None:
    lab.kubectl("create", "configmap", BEFORE)
    run = lab.underlay("backup", "--recipient", key[0], "--keep", "1")
    assert run.code == 0, run.end
    [path] = (ROOT / "backups").glob("restore-*-backup.age")
    assert f"backups/{path.name}: restore of " in run.text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"BEGIN" not in path.read_bytes()
    lab.kubectl("create", "configmap", AFTER)

    another = tmp_path / "another"
    another.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    refused = lab.underlay("restore", str(path), "--identity", str(another), "--check")
    assert refused.code == 1
    assert f"{path}: it cannot be decrypted" in refused.text
    checked = lab.underlay("restore", str(path), "--identity", str(key[1]), "--check")
    assert checked.code == 0, checked.end
    assert checked.text.endswith("it is whole, and belongs to tests/lab/inventories/small.py\n")
    alive = lab.underlay("restore", str(path), "--identity", str(key[1]), "--yes")
    assert alive.code == 1
    assert "cp-1: is in a cluster, and a restore begins on empty control-plane hosts" in alive.text


def test_a_lost_control_plane_comes_back_while_workers_go_on(lab: Deployed, key: tuple[str, Path]) -> None:
    before, running = pods(lab), on_worker(lab)
    [path] = (ROOT / "backups").glob("restore-*-backup.age")
    lab.install_anew("cp-1")
    command = (str(path), "--identity", str(key[1]), "--yes")
    assert lab.underlay("plan").code in (1, 2)  # boots it
    killed = lab.killed("restore", "restore: beginning the control plane on cp-1", *command, after=25)
    assert killed.code == -9, killed.text
    run = lab.underlay("restore", *command)
    assert run.code == 0, run.end
    assert "restore: restored to " in run.text, run.end
    assert ", verified by " in run.text, run.end

    assert {BEFORE, AFTER} & config_maps(lab) == {BEFORE}
    assert on_worker(lab) >= running
    after = pods(lab)
    assert {n: p for n, p in after.items() if p["node"] == "w-1"} == {
        n: p for n, p in before.items() if p["node"] == "w-1"
    }
    assert {p["node"] for p in after.values()} == {"cp-1", "w-1"}
    assert "restore" not in lab.ssh("cp-1", "ls /var/lib/underlay")


def test_a_deploy_changes_nothing_then(lab: Deployed) -> None:
    assert lab.deploy("--data", "verify=false").changes.startswith("none; at most 1 SSH")
