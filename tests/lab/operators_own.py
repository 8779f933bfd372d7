"""What an operator has on a host, much of it named like a plugin's: a reset leaves all of it as it is."""

from __future__ import annotations

from .deployed import Deployed

# A bridge, a VXLAN and a link of names that begin as plugins' do; rules and chains of their own; routes, rules, files.
_OWN = r"""
set -eu
ip link add calico-office type bridge; ip link set calico-office addrgenmode none
ip address add 192.0.2.65/28 dev calico-office; ip link set calico-office up
ip link add vxlan7 type vxlan id 7 dstport 4790 local 192.0.2.65 dev calico-office
ip link set vxlan7 addrgenmode none; ip link set vxlan7 up
ip link add cilium-lab type veth peer name cilium-lab-b
ip route add 198.51.100.0/24 via 192.0.2.66 dev calico-office proto 117 2>/dev/null ||
  ip route add 198.51.100.0/24 dev calico-office proto 117
ip rule add from 192.0.2.64/28 lookup 77 priority 9001
nft -f - <<'END'
table inet office {
  set friends { type ipv4_addr; elements = { 192.0.2.70, 192.0.2.71 } }
  chain input {
    type filter hook input priority 10; policy accept; ip saddr @friends counter accept comment "not KUBE-"
  }
}
table ip flannel-office {
  chain forward {
    type filter hook forward priority 10; policy accept;
  }
}
END
iptables -N CILIUMISH
iptables -A CILIUMISH -s 192.0.2.0/24 -m comment --comment "site, not KUBE-FIREWALL" -j RETURN
iptables -A INPUT -j CILIUMISH
iptables -t nat -A POSTROUTING -s 203.0.113.0/24 -o calico-office -j MASQUERADE
mkdir -p /etc/containerd /etc/cni /opt/cni/bin /etc/sysctl.d
printf '# of the site\n[plugins]\n' >/etc/containerd/config.toml; chmod 640 /etc/containerd/config.toml
echo 'net.ipv4.conf.all.log_martians = 0' >/etc/sysctl.d/50-site.conf
printf '#!/bin/sh\necho site\n' >/usr/local/bin/kubectl; chmod 750 /usr/local/bin/kubectl
printf '#!/bin/sh\n' >/opt/cni/bin/site-plugin; chmod 755 /opt/cni/bin/site-plugin
"""


def put(deployed: Deployed, host: str) -> None:
    deployed.ssh(host, _OWN)
