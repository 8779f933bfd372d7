"""Applies the network's objects, whatever the mode, and fetches the kubeconfig to the controller."""

from __future__ import annotations

from pyinfra.api import operation
from pyinfra.context import ctx_host

from underlay.plan.host_plan import Phase
from underlay.run import admin_kubeconfig
from underlay.run.command import Step, Steps
from underlay.run.converge import converge
from underlay.run.run import current_run


@operation()
def fetch_kubeconfig() -> Steps:
    """Store the administrator's kubeconfig on the controller, with mode 0600."""
    run, host = current_run(), ctx_host.get()
    if not run.is_first(host):
        return
    path = admin_kubeconfig.kubeconfig_path()
    run.cluster.kubeconfig = str(path)
    is_new = "kubeadm init" in run.log.changes.get(host.name, [])
    if is_new or admin_kubeconfig.is_outdated(path):
        yield Step("fetch kubeconfig", admin_kubeconfig.fetch_kubeconfig)


def install_network() -> None:
    converge(name="Install network", phase=Phase.NETWORK)
    fetch_kubeconfig(name="Fetch kubeconfig")
