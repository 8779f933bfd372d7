"""What a network may leave on a machine, and how what it says it leaves is taken away."""

from __future__ import annotations

from underlay.model.footprint import Traces

# One line for each thing there is, without counters. Of the tables of iptables only what it was told to put there: it
# never takes its own, empty chains away again. What a container's own root would hold (charon's sockets) is left out.
LOOK = r"""
ip -o link show | sed 's/^[0-9]*: //; s/[:@].*//; s/^/link /'
ip -4 route show table all | sed 's/^/route /'
ip rule show | sed 's/^/rule /'
nft list tables | grep -vE '^table ip6? (filter|nat|mangle|raw|security)$' | sed 's/^/nft /'
for c in iptables ip6tables; do $c-save 2>/dev/null | grep -E '^-A|^:[^ ]+ - ' | sed "s/ \[.*//; s/^/$c /"; done
ip xfrm state | sed 's/^/xfrm state /'
ip xfrm policy | sed 's/^/xfrm policy /'
ipvsadm -Ln 2>/dev/null | tail -n +4 | sed 's/^/ipvs /'
ipset list -n 2>/dev/null | sed 's/^/ipset /'
ip netns | sed 's/^/namespace /'
ls -d /run/flannel /etc/cni/net.d/* /var/lib/cni/*/* 2>/dev/null | sed 's/^/file /'
for p in flanneld charon kube-proxy socat; do pgrep -x $p >/dev/null && echo "process $p"; done
true"""


def lines(looked: str) -> set[str]:
    """What `LOOK` printed, as a set."""
    return {line.rstrip() for line in looked.splitlines()}


def removal(traces: Traces) -> str:
    """Shell that takes away what a mode declares to leave."""
    found = ["set -u"]
    for link in traces.links:
        names = f"$(ls /sys/class/net | grep '^{link.removesuffix('*')}')" if link.endswith("*") else link
        found.append(f"for l in {names}; do ip link del $l 2>/dev/null; done")
    found += [f"nft delete table {table} 2>/dev/null" for table in traces.nft_tables]
    found += [f"rm -rf {path}" for path in traces.files]
    found += [f"ip route flush proto {protocol}" for protocol in traces.route_protocols]
    found += [f"while ip rule del priority {n} 2>/dev/null; do :; done" for n in traces.rule_priorities]
    found += ["ip xfrm state flush; ip xfrm policy flush"] if traces.xfrm else []
    return "\n".join([*found, "true"])
