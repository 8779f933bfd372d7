"""Upstream's definition of ClusterNetworkPolicy, for the API server of a lab; Kubernetes brings none."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from underlay.artifacts.build.go_environment import go_environment
from underlay.artifacts.build.toolchain import ensure_go

from .deployed import Deployed

MODULE = "sigs.k8s.io/network-policy-api@v0.3.0"
_FILE = "config/crd/standard/policy.networking.k8s.io_clusternetworkpolicies.yaml"


def define(deployed: Deployed, work: Path) -> None:
    """Have the cluster know the kind, by the standard channel's definition in upstream's module.

    :param work: an empty directory.
    """
    command = [str(ensure_go(print)), "mod", "download", "-json", MODULE]
    done = subprocess.run(command, cwd=work, env=go_environment(), capture_output=True, text=True, check=True)
    path = str(Path(json.loads(done.stdout)["Dir"]) / _FILE)
    deployed.kubectl("apply", "--server-side", "-f", path)
    deployed.kubectl("wait", "--for=condition=established", "--timeout=120s", "-f", path)
