"""kubeadm gives whatever proxy it finds to the pods of the control plane: it finds none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.clusters import cluster
from underlay.plan.login_environment import prologue
from underlay.run.kubeadm_script import kubeadm_script


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "all_proxy", "Https_Proxy", "no_proxy"])
def test_kubeadm_finds_no_proxy(tmp_path: Path, name: str) -> None:
    for program, does in {"kubeadm": "env >&2; exit 1", "systemctl": "exit 0"}.items():
        (tmp_path / program).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / program).chmod(0o755)
    script = kubeadm_script(cluster(), "kubeadm init", {}, queried_mark="", undo="")
    for place in ("/var/lib/underlay", "/var/log", "/etc/kubernetes", "/run"):
        (tmp_path / place[1:]).mkdir(parents=True)
        script = script.replace(place, f"{tmp_path}{place}")
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", name: "http://p:3128"}
    ran = subprocess.run(
        ["sh", "-c", f"{prologue(cluster())}{script}"], env=environment, capture_output=True, check=False, text=True
    )
    log = (tmp_path / "var/log/underlay-kubeadm.log").read_text()
    assert ran.returncode != 0
    assert "PATH=" in log
    assert [line for line in log.splitlines() if line.partition("=")[0].lower().endswith("_proxy")] == []
