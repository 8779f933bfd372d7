"""The architecture of a host: compared with the declared one, and never changed."""

from __future__ import annotations

import platform

from tests.unit.local_host import LocalHost, Shell
from underlay.resources.architecture import Architecture

OWN = Architecture((platform.machine(),), "somebody")
OTHER = Architecture(("s390x", "riscv64"), "somebody")


def test_a_host_is_what_it_is(shell: Shell) -> None:
    assert OWN.sentence(shell.observe(OWN)[0]) is None
    assert (
        OTHER.sentence(shell.observe(OTHER)[0]) == f"architecture s390x/riscv64: {platform.machine()} -> s390x/riscv64"
    )


def test_another_one_is_impossible_before_anything_is_touched() -> None:
    assert OTHER.impossible("x86_64") == "is x86_64, and somebody runs on s390x/riscv64 only"
    assert OTHER.impossible("riscv64") is None
    # A host that did not answer is no reason to say that it is the wrong one.
    assert OTHER.impossible("") is None


def test_to_apply_it_fails(shell: Shell) -> None:
    outcome, err = shell.apply_and_tell(OTHER)
    assert outcome.failed == OTHER
    assert err == "this host is not s390x/riscv64\n"


def test_the_check_looks_at_the_programs_of_the_host(shell: Shell) -> None:
    assert OWN.check(LocalHost(shell)) is None
    assert OTHER.check(LocalHost(shell)) == f"architecture: {platform.machine()}, expected s390x/riscv64"
