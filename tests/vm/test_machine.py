"""A virtual machine ends with its lab, however the command ended that booted it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from underlay.lab import lifecycle
from underlay.lab.host import cgroups, namespaces
from underlay.lab.model.errors import LabError
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab
from underlay.lab.system.machine import this_machine
from underlay.lab.vm import machine
from underlay.lab.vm.guest import guest
from underlay.lab.vm.image import base

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="making hosts needs root")]

LAB = Lab("vm-end", network="10.124.0.0/16", workers=0, racks=1)
BOOT = f"""
from underlay.lab.model.topology import Lab
from underlay.lab.vm import machine
from underlay.lab.vm.guest import guest
lab = Lab({LAB.name!r}, network={LAB.network!r}, workers=0, racks=1)
machine.up(lab, [guest(lab, 1, rack=1)])
"""


@pytest.fixture
def lab() -> Iterator[Lab]:
    base(this_machine())
    lifecycle.up(LAB)
    yield LAB
    lifecycle.down(LAB.name)


def emulators() -> list[str]:
    """Command lines of emulators that run for this lab."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[0].startswith("qemu-system") and any(f"/{LAB.name}/" in word for word in words):
            found.append(" ".join(words))
    return found


def test_down_ends_what_a_killed_up_left(lab: Lab) -> None:
    with subprocess.Popen([sys.executable, "-c", BOOT], stderr=subprocess.DEVNULL) as process:
        give_up = time.monotonic() + 60
        while not emulators():
            assert process.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert emulators()
    lifecycle.down(lab.name)
    assert emulators() == []
    assert cgroups.members(this_machine(), lab.name) == []
    assert namespaces.of_lab(lab.name) == []
    assert not LabPaths.of(lab.name).root.exists()


def test_stands_in_no_lab_that_is_not_up() -> None:
    other = Lab("vm-none", network="10.124.0.0/16", racks=1)
    with pytest.raises(LabError, match=r"^lab vm-none: not up; run `underlay lab up --name vm-none` first$"):
        machine.up(other, [guest(other, 1, rack=1)])
