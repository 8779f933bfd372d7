"""A join ends once its node is there, and not before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Shell
from underlay.plan import registration

# What kubectl says with a kubelet's own credentials before the kubelet has registered.
NOT_FOUND = "echo 'Error from server (NotFound): nodes \"w-1\" not found' >&2; exit 1"


def test_a_node_that_comes_late_is_waited_for(shell: Shell, tmp_path: Path) -> None:
    times = tmp_path / "times"
    shell.program_is(
        "kubectl", f'echo "$@" >>{times}; [ $(wc -l <{times}) -gt 2 ] || {{ {NOT_FOUND}; }}; echo node/w-1'
    )
    ran = shell.run(registration.registration("w-1"))
    assert (ran.rc, ran.stdout, ran.stderr) == (0, "", "")
    assert times.read_text().splitlines() == ["--kubeconfig=/etc/kubernetes/kubelet.conf get node w-1 -o name"] * 3


def test_a_node_that_does_not_come_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "_TIMEOUT_S", 0)
    shell.program_is("kubectl", NOT_FOUND)
    ran = shell.run(registration.registration("w-1"))
    assert ran.rc == 1
    assert ran.stderr == "the kubelet has not registered node w-1 within 0 s; see `journalctl -u kubelet`\n"
