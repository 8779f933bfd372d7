# Everything a deploy can change on a host, one line for each thing: "<area> <what>". Read-only.
export LC_ALL=C
# What is asked last has the kernel load modules.
ss -Hlntup >/dev/null
# An address that is still tried has no route yet.
for try in $(seq 50); do [ -n "$(ip -6 -o address show tentative)" ] || break; sleep 0.2; done
ip -o link | sed -E 's/^[0-9]+: ([^:@]*).* mtu ([0-9]+).*/link \1 mtu \2/'
ip -o addr | awk '{print "address", $2, $3, $4}'
ip route show table all | sed 's/^/route4 /'
ip -6 route show table all | sed -E 's/ expires [0-9]+sec//; s/^/route6 /'
ip rule | sed 's/^/rule4 /'; ip -6 rule | sed 's/^/rule6 /'
ip neigh show nud permanent | sed 's/^/neighbour /'
nft list ruleset 2>/dev/null | sed -E 's/ # handle.*//; s/packets [0-9]+ bytes [0-9]+/packets N bytes N/; s/^/nft /'
for p in iptables-legacy ip6tables-legacy; do
  command -v $p-save >/dev/null && $p-save 2>/dev/null | grep -v '^#' | sed -E "s/\[[0-9:]+\]/[N]/; s/^/$p /"
done
ipset -n list 2>/dev/null | sed 's/^/ipset /'
tc qdisc show 2>/dev/null | sed -E 's/ refcnt [0-9]+//; s/^/qdisc /'
for l in $(ls /sys/class/net); do
  for w in ingress egress; do
    tc filter show dev $l $w 2>/dev/null | sed -E "s/ id [0-9]+//; s/^/tc $l $w /"
  done
done
ip -o -d link 2>/dev/null | sed -nE 's/^[0-9]+: ([^:@]*).*prog\/xdp id [0-9]+ name ([^ ]*).*/xdp \1 \2/p'
ip xfrm state 2>/dev/null | sed 's/^/xfrm-state /'; ip xfrm policy 2>/dev/null | sed 's/^/xfrm-policy /'
ip netns list 2>/dev/null | sed 's/^/netns /'
(cd /proc/sys && find net vm kernel fs -type f -readable 2>/dev/null | sort | while read -r k; do
  v=$(tr '\n\t' '  ' <"$k" 2>/dev/null) && echo "sysctl $k $v"; done)
cut -d' ' -f1 /proc/modules 2>/dev/null | sort | sed 's/^/module /'
awk '{print "mount", $5, $(NF-2), $(NF-1)}' /proc/self/mountinfo
systemctl list-unit-files --no-legend --no-pager 2>/dev/null | awk '{print "unit-file", $1, $2}'
systemctl list-units --no-legend --no-pager --plain --all 2>/dev/null | awk '{print "unit", $1, $3, $4}'
find / -xdev \( -path /proc -o -path /sys -o -path /run/systemd -o -path /tmp \) -prune -o \
  -printf 'path %p %y %m %u:%g %s %l\n' 2>/dev/null | sort
find /run -xdev -path /run/systemd -prune -o -printf 'path %p %y %m %u:%g\n' 2>/dev/null | sort
find /sys/fs/bpf -mindepth 1 2>/dev/null | sed 's/^/bpf /'
ps -eo comm= | sort | uniq -c | awk '{print "process", $2, $1}'
ss -Hlntup | awk '{print "listener", $1, $5}' | sort
dpkg-query -W -f 'package ${Package} ${db:Status-Status} ${Version}\n' 2>/dev/null
getent passwd | sed 's/^/user /'
grep -h . /proc/swaps | sed 's/^/swap /'
