"""A virtual machine as data: its address, its command line, and the archive with its identity."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from underlay.lab.model.errors import LabError
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab
from underlay.lab.system import keys
from underlay.lab.vm import emulator, recipe, seed
from underlay.lab.vm.guest import files, guest, mac
from underlay.lab.vm.image import GuestImage

LAB = Lab("t9", network="10.79.0.0/16")


def test_has_an_address_that_no_host_has() -> None:
    lab = Lab("t9", network="10.79.0.0/16", control_planes=9, workers=230, routers=2)
    guests = [guest(lab, number, rack=rack) for rack in (1, 2) for number in range(1, 9)]
    addresses = [str(node.address) for node in guests]
    assert addresses[0] == "10.79.1.3"
    assert addresses[-1] == "10.79.2.10"
    assert not {str(node.address) for node in lab.nodes} & set(addresses)
    assert len({mac(node) for node in guests}) == len(guests)


def test_reports_every_problem_at_once() -> None:
    with pytest.raises(LabError, match=r"^vm-9: out of range; 1 to 8; lab t9: no rack 3; 1 to 2$"):
        guest(LAB, 9, rack=3)


def test_is_emulated_and_ignores_configuration_of_this_machine() -> None:
    node = guest(LAB, 1, rack=1)
    command = emulator.command(node, files(LAB, node), GuestImage(Path("/image")), tap="vm-1")
    assert command[command.index("-accel") + 1].startswith("tcg,")
    assert "kvm" not in " ".join(command)
    assert {"-nodefaults", "-no-user-config"} <= set(command)
    disk = next(word for word in command if word.startswith("file=/image/root.img"))
    assert disk.endswith("snapshot=on")


def test_the_seed_has_its_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERLAY_HOME", str(tmp_path))
    keys.make(LAB, LabPaths.of("t9"))
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    node = guest(LAB, 2, rack=2)
    at = files(LAB, node)
    for _ in range(2):  # the key outlasts the second boot, so that the pin holds
        seed.write(LAB, node, at, carried={"/usr/local/bin/program": program})
        with tarfile.open(at.seed) as archive:
            found = {m.name: (oct(m.mode), archive.extractfile(m)) for m in archive.getmembers() if m.isfile()}
            text = {name: content.read().decode() for name, (_, content) in found.items() if content}
    assert text["etc/hostname"] == "vm-2\n"
    assert text[recipe.NETWORK.lstrip("/")] == (
        "link set lo up\naddr add 10.79.2.4/24 dev eth0\nlink set eth0 up\nroute add default via 10.79.2.1\n"
    )
    assert text["root/.ssh/authorized_keys"].strip() == keys.public(LabPaths.of("t9"), "client")
    assert found["etc/ssh/ssh_host_ed25519_key"][0] == found["root/.ssh/authorized_keys"][0] == "0o600"
    assert text["etc/ssh/ssh_host_ed25519_key"] == at.host_key.read_text()
    assert at.known_hosts.read_text().split()[0] == "10.79.2.4"
    assert at.known_hosts.read_text().split()[2] == text["etc/ssh/ssh_host_ed25519_key.pub"].split()[1]
    assert found["usr/local/bin/program"][0] == "0o755"
    assert at.seed.stat().st_mode & 0o77 == 0
    assert at.seed.stat().st_size % 512 == 0


def test_the_image_is_named_for_all_that_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe.identity()
    monkeypatch.setattr(recipe, "PACKAGES", (*recipe.PACKAGES, "one-more"))
    assert recipe.identity() != before
