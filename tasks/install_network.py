"""Applies the network's objects, whatever the mode, and fetches the kubeconfig to the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyinfra.api import Host, operation
from pyinfra.context import ctx_host

from underlay.files import write_whole
from underlay.plan.host_plan import Phase
from underlay.run.command import Step, Steps, run_script
from underlay.run.converge import converge
from underlay.run.run import current_run


@operation()
def fetch_kubeconfig() -> Steps:
    """Store the administrator's kubeconfig on the controller, with mode 0600."""
    run = current_run()
    if not run.is_first(ctx_host.get()):
        return
    path = kubeconfig_path(run.spec.cluster.name)
    run.cluster.kubeconfig = str(path)
    is_new = "kubeadm init" in run.log.changes.get(ctx_host.get().name, [])
    if is_new or not path.exists():
        yield Step("fetch kubeconfig", lambda host, arguments: _fetch(host, path, arguments))


def install_network() -> None:
    converge(name="Install network", phase=Phase.NETWORK)
    fetch_kubeconfig(name="Fetch kubeconfig")


def kubeconfig_path(cluster: str) -> Path:
    return Path.cwd() / ".underlay" / cluster / "kubeconfig"


def _fetch(host: Host, path: Path, arguments: dict[str, Any]) -> str | None:
    ran = run_script(host, "cat /etc/kubernetes/admin.conf", arguments)
    if not ran.ok:
        return ran.reason()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, "\n".join(ran.out) + "\n", mode=0o600)
    return None
