"""What is left in the kernel beside links and routes: routing rules, address sets, virtual servers, BPF, IPsec."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from shlex import quote
from typing import NamedTuple

from underlay.model.link_evidence import matches
from underlay.plan.host_record import DIRECTORY, SETS

# `ip` without -s has no index, by which one policy of several alike is known.
IPSEC = "ip xfrm state list nokeys 2>/dev/null; ip -s xfrm policy list nosock 2>/dev/null"
# LINK DIRECTION PREFERENCE HANDLE NAME of each BPF program that tc runs; older tc has only the filter's own name.
PROGRAMS = r"""! command -v tc >/dev/null || for l in $(ls /sys/class/net); do
  for w in ingress egress; do
    tc filter show dev $l $w 2>/dev/null | awk -v at="$l $w" '
      $1 == "filter" && / bpf / {
        handle = name = ""
        for (i = 2; i < NF; i++) {
          if ($i == "pref") pref = $(i + 1)
          if ($i == "handle") { handle = $(i + 1); first = $(i + 2) }
          if ($i == "name") name = $(i + 1)
        }
        if (handle != "") print at, pref, handle, (name != "" ? name : first)
      }'
  done
done
"""
_XDP = "xdp"
# Virtual servers of kube-proxy: on the addresses of its link, and for NodePorts on the host's own.
IPVS_REMOVAL = r"""[ ! -d /sys/class/net/kube-ipvs0 ] || ! command -v ipvsadm >/dev/null || {
  u_on() { ip -o address show "$@" | awk '{ sub("/.*", "", $4); printf " %s ", $4 }'; }
  ipvsadm-save -n 2>/dev/null | awk -v virtual="$(u_on dev kube-ipvs0)" -v own="$(u_on)" '
    $1 == "-A" && ($2 == "-t" || $2 == "-u" || $2 == "--sctp-service") {
      address = port = $3; sub(/:[0-9]+$/, "", address); gsub(/[][]/, "", address); sub(/.*:/, "", port)
      if (index(virtual, " " address " ") || (index(own, " " address " ") && port >= 30000 && port <= 32767))
        print $2, $3
    }' | while read -r kind at; do ipvsadm -D "$kind" "$at" || :; done
}"""


class Program(NamedTuple):
    """A BPF program that packets of a link pass: by tc in one direction, or by XDP, where the rest is empty."""

    link: str
    hook: str
    preference: str
    handle: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.link} {self.hook})"

    @property
    def removal(self) -> str:
        """Shell that detaches it, and takes away what tc has made for it."""
        link = quote(self.link)
        if self.hook == _XDP:
            return f"for m in xdpdrv xdpgeneric xdpoffload; do ip link set dev {link} $m off 2>/dev/null || :; done"
        return (
            f"tc filter del dev {link} {self.hook} pref {self.preference} handle {self.handle} bpf 2>/dev/null || :\n"
            f'[ -n "$(tc filter show dev {link} ingress; tc filter show dev {link} egress)" ] ||\n'
            f"  grep -qxF -e {link} {DIRECTORY}/clsact || tc qdisc del dev {link} clsact 2>/dev/null || :"
        )


def programs(lines: Iterable[str], links: str, names: Collection[str], *, going: Collection[str]) -> list[Program]:
    """Programs of these names on links that stay.

    :param lines: of PROGRAMS. :param links: `ip -d -json address show`. :param going: links that go, with theirs.
    """
    found = [Program(*parts) for line in lines if len(parts := line.split()) == 5]
    for link in json.loads(links or "[]"):
        if name := link.get("xdp", {}).get("prog", {}).get("name"):
            found.append(Program(link["ifname"], _XDP, "", "", name))
    return [p for p in found if matches(p.name, names) and p.link not in going]


def rules(lines: Iterable[str], priorities: Collection[int], prior: Collection[str]) -> list[str]:
    """Of the lines of RULES those of these priorities that were not there before; others use the same priorities."""
    lines = (" ".join(line.split()) for line in lines)
    before = {" ".join(line.split()) for line in prior}
    return [r for r in lines if r not in before and int(r.split()[1].removesuffix(":")) in priorities]


def rule_removal(rule: str) -> str:
    """Shell that removes a rule of `rules`, and from the table it leads to what was not there before."""
    version, priority, *selector = rule.split()
    removal = f"ip {version} rule del priority {priority.removesuffix(':')} {' '.join(selector)} 2>/dev/null || :"
    table = selector[selector.index("lookup") + 1] if "lookup" in selector else "main"
    if table in ("main", "local", "default"):
        return removal
    return (
        f"ip {version} route show table all 2>/dev/null | sed -n 's/^.* table {table} .*/{version} &/p' |\n"
        f"  grep -vxFf {DIRECTORY}/routes | while read -r f r; do ip $f route del $r 2>/dev/null || :; done\n{removal}"
    )


def sets_removal(names: Collection[str]) -> str:
    """Shell that removes the address sets of these names that were not there before, as many as nothing refers to."""
    return f"""\
! command -v ipset >/dev/null || for u_try in 1 2; do
  {SETS} | grep -E {quote(name_expression(names))} | grep -vxFf {DIRECTORY}/sets |
    while read -r s; do ipset destroy "$s" 2>/dev/null || :; done
done"""


def ipsec(listed: str, nodes: Collection[str], pods: Iterable[IPv4Network | IPv6Network]) -> list[str]:
    """Arguments of `ip xfrm` that select what is between nodes, or between pods, e.g. "state src A dst B".

    :param listed: the output of IPSEC. :param nodes: addresses of all nodes.
    """
    pods = list(pods)
    found = (_selection(entry, nodes, pods) for entry in re.split(r"^(?=src )", listed, flags=re.M))
    return list(dict.fromkeys(argument for argument in found if argument))


def ipsec_removal(argument: str) -> str:
    """Shell that removes what an argument of `ipsec` selects."""
    kind, _, selection = argument.partition(" ")
    return f"ip xfrm {kind} deleteall {selection} 2>/dev/null || :"


def _selection(entry: str, nodes: Collection[str], pods: list[IPv4Network | IPv6Network]) -> str | None:
    """The argument that selects an entry, if it is ours."""
    ends = re.match(r"src (\S+) dst (\S+)", entry)
    if ends is None:
        return None
    policy = re.search(r"^\s+dir (\w+) .*index (\d+)", entry, re.MULTILINE)
    if policy is None:
        return f"state src {ends[1]} dst {ends[2]}" if {ends[1], ends[2]} <= set(nodes) else None
    tunnels = re.findall(r"tmpl src (\S+) dst (\S+)", entry)
    between_nodes = any({source, to} <= set(nodes) for source, to in tunnels)
    if between_nodes or any(_within(end, pods) for end in (*ends.groups(), *(e for pair in tunnels for e in pair))):
        return f"policy dir {policy[1]} index {policy[2]}"
    return None


def _within(end: str, pods: list[IPv4Network | IPv6Network]) -> bool:
    network = ip_network(end, strict=False)
    return any(network.version == p.version and network.subnet_of(p) for p in pods)  # type: ignore[arg-type]


def name_expression(names: Iterable[str]) -> str:
    """An extended expression that is each of these names, of which a trailing * stands for the rest."""
    return f"^({'|'.join(n.replace('.', '[.]').replace('*', '.*') for n in names)})$"
