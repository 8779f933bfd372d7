"""How a host is taken out of a cluster, before anything on it is removed."""

from __future__ import annotations

from tests.unit.local_host import Shell
from underlay.reset.host_script import leave


def test_a_host_on_which_an_attempt_ended_before_there_was_a_kubelet_is_left(shell: Shell) -> None:
    # As systemctl says of a unit that is not loaded.
    shell.program_is("systemctl", "echo 'Failed to stop kubelet.service: Unit kubelet.service not loaded.' >&2; exit 5")
    assert shell.run(f"{leave(etcd=False)}exit $?").rc == 0
