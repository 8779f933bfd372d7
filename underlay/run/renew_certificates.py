"""Renews kubeadm's certificates on all control-plane hosts, whether or not the API server answers any more."""

from __future__ import annotations

from collections.abc import Callable

from pyinfra.api import Host, State
from pyinfra.context import ctx_state

from underlay.resources.kubeadm_certificates import KubeadmCertificates
from underlay.resources.resource import Resource
from underlay.resources.script import apply_script, read_outcome
from underlay.resources.static_pods import StaticPods

from .admin_kubeconfig import fetch_kubeconfig
from .command import run_script
from .host_lock import take_lock
from .on_nodes import on_each, on_first, planes_of
from .privilege import root_arguments


def renew_certificates(state: State, *, say: Callable[[str], None]) -> None:
    """Renew them everywhere first: etcd's members do not talk to one another with certificates that have ended.

    :raises Stopped: when one host fails; what is done already stays, and the next run restarts what is left.
    """
    with ctx_state.use(state):
        planes = planes_of(state)
        on_each(state, take_lock, planes)
        on_each(state, lambda host: _apply(host, KubeadmCertificates()), planes)
        for host in planes:
            say(f"restarting the control plane's programs on {host.name}")
            on_each(state, lambda host: _apply(host, StaticPods()), [host])
        on_first(state, lambda host: fetch_kubeconfig(host, root_arguments(host)))


def _apply(host: Host, resource: Resource) -> str | None:
    ran = run_script(host, apply_script([resource]), root_arguments(host))
    outcome = read_outcome([resource], ran.out)
    if outcome.failed is not None or not ran.ok:
        return ran.reason()
    return "; ".join(outcome.unmet) or None
