"""Labs that are up are recorded: they can grow, but not move; and two commands never create one thing at once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from underlay.lab import inventory, record
from underlay.lab.model import paths
from underlay.lab.model.errors import LabError
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab
from underlay.lab.system import keys
from underlay.lab.system.locks import lock


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNDERLAY_HOME", str(tmp_path))
    monkeypatch.setattr(inventory, "_declared", {})
    LabPaths.of("lab").root.mkdir(parents=True)
    return tmp_path


def test_a_lab_grows_and_does_not_shrink() -> None:
    record.merge(Lab(workers=4))
    assert record.merge(Lab(workers=2, control_planes=3)) == Lab(workers=4, control_planes=3) == record.read("lab")


@pytest.mark.parametrize("changed", [Lab(racks=3), Lab(network="10.99.0.0/16"), Lab(network_v6="fd61::/48")])
def test_a_lab_that_is_up_is_not_moved(changed: Lab) -> None:
    record.merge(Lab())
    with pytest.raises(LabError, match="take it down first"):
        record.merge(changed)
    assert record.read("lab") == Lab()


def test_knows_when_nothing_is_missing() -> None:
    assert not record.covers(Lab())
    record.merge(Lab(workers=4))
    assert record.covers(Lab(workers=2))
    assert not record.covers(Lab(workers=5))
    assert not record.covers(Lab(workers=2, mounts={"/a": "/b"}))


def test_an_inventory_gets_hosts_in_pyinfras_form() -> None:
    found = inventory.hosts(Lab(workers=1))
    assert found.control_plane == [("@lab/cp-1", {"address": "10.61.1.11", "rack": "rack-1"})]
    assert found.workers == [("@lab/w-1", {"address": "10.61.1.21", "rack": "rack-1"})]


def test_a_dual_stack_inventory_has_both_addresses() -> None:
    found = inventory.hosts(Lab(workers=1, network_v6="fd61::/48"))
    second = {"address_v6": "fd61:0:0:1::15"}
    assert found.workers == [("@lab/w-1", {"address": "10.61.1.21", "rack": "rack-1", **second})]


def test_hosts_of_another_lab_have_its_name() -> None:
    other = inventory.hosts(Lab("other", network="10.99.0.0/16"))
    assert other.workers[1] == ("@lab/other:w-2", {"address": "10.99.2.22", "rack": "rack-2"})
    assert inventory.find("other:w-2")[0].network == "10.99.0.0/16"


def test_a_host_is_found_without_an_inventory() -> None:
    assert inventory.find("cp-1") == (Lab(), Lab().nodes[0])
    with pytest.raises(LabError, match=r"^lab elsewhere: does not exist; declare it"):
        inventory.find("elsewhere:cp-1")


def test_pins_the_keys_it_made_and_keeps_them_private() -> None:
    at = LabPaths.of("lab")
    keys.make(Lab(), at)
    before = at.known_hosts.read_text()
    assert [line.split()[0] for line in before.splitlines()] == ["10.61.1.11,cp-1", "10.61.1.21,w-1", "10.61.2.22,w-2"]
    assert before.splitlines()[1].split(" ", 1)[1] == keys.public(at, "w-1")
    assert all(stat.S_IMODE((at.keys / name).stat().st_mode) == 0o600 for name in ("client", "cp-1", "w-1", "w-2"))
    keys.make(Lab(workers=3), at)
    assert at.known_hosts.read_text().startswith(before)


def test_a_lock_is_held_alone_shared_and_leaves_nothing(home: Path) -> None:
    with lock("thing"):
        assert (home / "locks/thing.lock").exists()
    with lock("thing", shared=True):
        with lock("thing", shared=True):
            pass
        assert (home / "locks/thing.lock").exists()
    with lock("thing"):
        pass
    assert not paths.locks().exists()
