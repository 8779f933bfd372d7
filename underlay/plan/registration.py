"""The wait between a join and the node that comes of it.

kubeadm waits for the kubelet's certificate, and no longer for the Node, since the CRI socket is noted on the host
(feature gate NodeLocalCRISocket). A DaemonSet that is laid down before the Node is there counts fewer nodes, and is
complete on these.
"""

from __future__ import annotations

from shlex import quote

from underlay.patience import stretched

_TIMEOUT_S = stretched(60)


def registration(name: str) -> str:
    """Shell, on a host that has joined, that ends once the kubelet has registered its node."""
    late = f"the kubelet has not registered node {name} within {_TIMEOUT_S} s; see `journalctl -u kubelet`"
    return f"""\
u_give_up=$(($(date +%s) + {_TIMEOUT_S}))
until timeout 10 kubectl --kubeconfig=/etc/kubernetes/kubelet.conf get node {quote(name)} -o name >/dev/null 2>&1; do
  [ "$(date +%s)" -lt "$u_give_up" ] || {{ echo {quote(late)} >&2; exit 1; }}
  sleep 0.2
done"""
