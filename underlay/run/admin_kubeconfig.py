"""The administrator's kubeconfig: copied from the first control-plane host, private, and again once it ends soon."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pyinfra.api import Host

from underlay.files import write_whole
from underlay.resources.api_server import KUBECONFIG
from underlay.resources.validity import validities

from .command import run_script
from .run import current_run


def kubeconfig_path() -> Path:
    """Where the cluster's is on the controller, in the project's directory."""
    return Path.cwd() / ".underlay" / current_run().spec.cluster.name / "kubeconfig"


def is_outdated(path: Path) -> bool:
    """Whether it is to be fetched: there is none, or its certificate has to be renewed."""
    if not path.exists():
        return True
    try:
        (user,) = yaml.safe_load(path.read_text(encoding="utf-8"))["users"]
        lines = f"{path} {user['user']['client-certificate-data']}"
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return True
    return any(one.problem(datetime.now(UTC)) for one in validities(lines))


def fetch_kubeconfig(host: Host, arguments: dict[str, Any]) -> str | None:
    """Store it on the controller, with mode 0600; why it could not be read, or None."""
    ran = run_script(host, f"cat {KUBECONFIG}", arguments)
    if not ran.ok:
        return ran.reason()
    path = kubeconfig_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, "\n".join(ran.out) + "\n", mode=0o600)
    return None
