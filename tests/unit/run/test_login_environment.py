"""What a login's environment holds changes nothing for any script, over whatever way it reaches the host."""

from __future__ import annotations

from typing import cast

import pytest
from pyinfra.api import Host

from tests.unit.clusters import PaperArtifacts, spec
from underlay.run.privilege import run_as_root
from underlay.run.run import InventoryVariables, Run, begin
from underlay.run.shells import DESCRIPTOR, shells
from underlay.verify.shell_backend import ShellBackend

from .ssh_server import Logins

LOGIN = "export https_proxy=http://p:3128 TMPDIR=/nonexistent KUBECONFIG=/x POSIXLY_CORRECT=1 TZ=Asia/Tokyo; umask 077"
ASK = 'echo "$https_proxy $no_proxy $(umask) ${TMPDIR-} ${KUBECONFIG-} ${POSIXLY_CORRECT-} $TZ"'


@pytest.fixture
def at_work(logins: Logins, host: Host) -> Host:
    """The host, in a run, with such a login."""
    begin(host.state, Run(InventoryVariables("x", {}, {}), spec=spec("flannel-vxlan"), artifacts=PaperArtifacts()))
    logins.greeting = LOGIN
    return host


def judged(line: str) -> None:
    proxy, exempt, *rest = line.split()
    assert proxy == "http://p:3128"
    assert {"192.0.2.1", "10.244.0.0/16", "10.96.0.0/16"} <= set(exempt.split(","))
    assert rest == ["0022", "UTC"]


def test_a_script_finds_what_it_relies_on(at_work: Host) -> None:
    status, out, _ = run_as_root(at_work, ASK, {})
    assert status == 0
    judged(out.decode())


def test_a_check_of_a_verification_finds_the_same(at_work: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    with shells(at_work.state, {}) as descriptor:
        monkeypatch.setenv(DESCRIPTOR, str(descriptor))
        shell = ShellBackend(at_work.name)
        try:
            judged(cast(str, shell.run(ASK).stdout))
        finally:
            shell.close()
