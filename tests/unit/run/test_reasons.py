"""The reason that a failed script is reported with: its error, and never a warning beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyinfra.api import Host

from underlay.run.access_error import AccessError
from underlay.run.command import ScriptResult, tail
from underlay.run.privilege import run_as_root

from .ssh_server import Logins

# kubectl 1.37 on Calico's CRDs, client-go in helm 3, helm 4 (slog), helm 3, kubeadm's preflight, apt.
WARNINGS = [
    'Warning: unrecognized format "cidr"',
    'W1129 14:02:11.118423   48213 warnings.go:70] unrecognized format "cidr"',
    'level=WARN msg="unable to find exact version; falling back to closest available version"',
    "WARNING: Kubernetes configuration file is group-readable. This is insecure. Location: /etc/kubernetes/admin.conf",
    '\t[WARNING Hostname]: hostname "w-1" could not be reached',
    "W: Some index files failed to download. They have been ignored, or old ones used instead.",
]
ROLLOUT = "daemonset/calico-node of namespace calico-system is not complete after 300 s: Waiting for rollout to finish"


@pytest.mark.parametrize("warning", WARNINGS)
def test_a_warning_never_stands_in_for_the_error(warning: str) -> None:
    assert tail([warning, warning, warning, ROLLOUT, "calico-node-tj5xv 0/1 CrashLoopBackOff"]) == (
        f"{ROLLOUT}\n  calico-node-tj5xv 0/1 CrashLoopBackOff"
    )
    assert tail(["Error: UPGRADE FAILED: context deadline exceeded", warning]) == (
        "Error: UPGRADE FAILED: context deadline exceeded"
    )


def test_a_warning_alone_is_the_reason() -> None:
    assert tail(WARNINGS[:1]) == WARNINGS[0]


def test_a_logged_error_is_worth_more_than_warnings_and_less_than_words() -> None:
    logged = 'E1129 14:02:11.118423   48213 memcache.go:265] "Unhandled Error" err="connection refused"'
    refused = "The connection to the server 192.0.2.1:6443 was refused - did you specify the right host or port?"
    assert tail([*WARNINGS, logged]) == logged
    assert tail([logged, logged, refused]) == refused


@pytest.mark.parametrize(
    "line", ["Warnings are errors here: x", "WE1129 is no pod", "level=ERROR msg=x", "E: no such package"]
)
def test_what_only_looks_like_a_warning_stays(line: str) -> None:
    assert tail([line, "the end"]) == f"{line}\n  the end"


def test_a_script_that_says_nothing_has_not_lost_its_connection() -> None:
    assert ScriptResult(3, (), ()).reason() == "it ended with exit status 3, and said nothing"
    assert ScriptResult(-1, (), ()).reason() == "it was killed; look at the host's memory, then run again"


def test_a_file_of_this_machine_that_cannot_be_read_is_no_lost_connection(logins: Logins, host: Host) -> None:
    def contents() -> Iterator[bytes]:
        yield b"the first part"
        raise PermissionError(13, "Permission denied", "/var/lib/underlay/bundle/blobs/x")

    with pytest.raises(AccessError) as caught:
        run_as_root(host, "cat >/dev/null", {}, more=contents())
    assert str(caught.value) == (
        "w-1: this machine: [Errno 13] Permission denied: '/var/lib/underlay/bundle/blobs/x'; look at its disk and at "
        "the file's mode, then run again"
    )
