"""What is collected from hosts once a check failed, so that nobody need log in first. No command changes a host."""

from __future__ import annotations

from underlay.model.check import VERIFICATION_NAMESPACE
from underlay.resources.api_server import KUBECTL

# Characters of one file, the number of hosts, and the seconds that one host may take for everything.
LIMIT, HOSTS, HOST_TIMEOUT_S = 64_000, 10, 20

OF_HOST = {
    "links": "ip -details -statistics address show; bridge fdb show; bridge vlan show",
    "routes": "ip route show table all; ip -6 route show table all; ip neighbour show",
    "rules": "ip rule show; ip -6 rule show; ip xfrm state list nokeys; ip xfrm policy list",
    "packet filter": "nft list ruleset",
    "sockets": "ss -Hanltup",
    "kubelet": "systemctl status --no-pager --lines=0 kubelet containerd; journalctl --no-pager -q -u kubelet -n 200",
    "containerd": "journalctl --no-pager -q -u containerd -n 100",
    "FRR": "systemctl -q is-active frr || exit 0; vtysh -c 'show bgp summary' -c 'show ip route'; "
    "journalctl --no-pager -q -t bgpd -n 100",
    "kernel": "dmesg --ctime | tail -n 100",
    "network configuration": "grep -rs '' /etc/cni/net.d /run/flannel | grep -vi kubeconfig",
    # The agents' own logs, whether or not the API server answers.
    "system pods": f"for d in /var/log/pods/*; do case $d in */{VERIFICATION_NAMESPACE}_*) continue;; esac; "
    'for c in $d/*/; do f=$(ls -t $c | head -n 1); echo "=== $c$f"; tail -n 60 "$c$f"; done; done',
}
OF_CLUSTER = {
    "nodes": f"{KUBECTL} get nodes -o wide; {KUBECTL} describe nodes",
    "pods": f"{KUBECTL} get pods -A -o wide",
    "events": f"{KUBECTL} get events -A --sort-by=.lastTimestamp | tail -n 200",
    "services": f"{KUBECTL} get services,endpointslices -A -o wide",
}  # fmt: skip
