"""The mutations of a ground are made in one cluster, one after the other."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.lab.deployed import ROOT
from tests.lab.grounds import GROUNDS


def test_a_cluster_is_deployed_once_for_all_its_mutations() -> None:
    command = [sys.executable, "-m", "pytest", "tests/lab/test_mutations.py", "--setup-plan", "-p", "no:cacheprovider"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert re.findall(r"SETUP +M healthy .*\['(.*)'\]", output) == list(GROUNDS)


@pytest.mark.parametrize("name", GROUNDS)
def test_no_two_mutations_of_a_ground_have_one_name(name: str) -> None:
    names = [mutation.name for mutation in GROUNDS[name].mutations]
    assert len(set(names)) == len(names)
