"""Which containers of a cluster ended, and their last words: what a test that fails is explained by."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

from underlay.verify.cluster_state import restarted

from .deployed import Deployed


def ended(deployed: Deployed) -> str:
    """A paragraph for each container that was started again; or why they are unknown."""
    try:
        pods = json.loads(deployed.kubectl("get", "pods", "-A", "-o", "json"))["items"]
        return "\n".join(_containers(deployed, pods)) or "none"
    except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
        return f"unknown: {error}"


def _containers(deployed: Deployed, pods: list[Any]) -> Iterator[str]:
    for pod, status, last in restarted(pods):
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        if last:
            words = deployed.kubectl("logs", "-n", namespace, name, "-c", status["name"], "--previous", "--tail=12")
            yield f"{name} on {pod['spec']['nodeName']}, ended {status['restartCount']} times: {last}\n{words}"
