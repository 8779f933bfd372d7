"""Requests that an API server has counted, as it tells them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from underlay.upgrade.removed_apis import COMMAND, removed_apis

# `kubectl get --raw /metrics` of API servers, one with 1.31 and one with 1.36.
COUNTED = """\
apiserver_requested_deprecated_apis{group="",removed_release="",resource="componentstatuses",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="",version="v1beta3"} 1
"""


def test_what_the_new_version_no_longer_serves_is_named() -> None:
    assert list(removed_apis(COUNTED, "v1.32.0")) == [
        "flowschemas.flowcontrol.apiserver.k8s.io/v1beta3 (removed in 1.32)"
    ]
    assert list(removed_apis(COUNTED, "v1.40.0")) == [
        "flowschemas.flowcontrol.apiserver.k8s.io/v1beta3 (removed in 1.32)"
    ]


def test_what_it_still_serves_is_not() -> None:
    assert list(removed_apis(COUNTED, "v1.31.4")) == []
    assert list(removed_apis("", "v1.37.2")) == []


def ran(directory: Path, kubectl: str) -> subprocess.CompletedProcess[str]:
    """The question to a host whose kubectl is this shell."""
    program = directory / "kubectl"
    program.write_text(f"#!/bin/sh\n{kubectl}\n")
    program.chmod(0o755)
    path = {"PATH": f"{directory}:/usr/bin:/bin"}
    return subprocess.run(["sh"], input=COMMAND, env=path, capture_output=True, text=True, check=False)


def test_an_api_server_that_does_not_answer_is_not_one_that_has_counted_nothing(tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text(f"# HELP apiserver_requests x\n{COUNTED}apiserver_request_total 4\n")
    answered = ran(tmp_path, f"cat {tmp_path}/metrics")
    assert (answered.returncode, answered.stdout) == (0, COUNTED)
    assert ran(tmp_path, "echo up 1").returncode == 0
    assert ran(tmp_path, "echo up 1; exit 1").returncode == 1
