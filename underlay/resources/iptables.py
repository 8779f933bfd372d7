"""Underlay's rules in a firewall written with iptables, as ufw, iptables-persistent and Docker do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar

from .firewall import HOOKS, Pass
from .packet_filter import PacketFilter
from .resource import NO_COMMAND, Host

_PROGRAMS = {"iptables": 4, "ip6tables": 6}
# Somebody else holds the lock (xtables.h, RESOURCE_PROBLEM).
_LOCKED = 4
# Listing a table with legacy iptables would load it.
_FUNCTIONS = r"""u_iptables_list() {
  case $($1 -V 2>/dev/null) in
    *nf_tables*) $1 -w 10 -S 2>/dev/null;;
    *legacy*) ! grep -qx filter "/proc/net/${1%tables}_tables_names" 2>/dev/null || $1 -w 10 -S 2>/dev/null;;
  esac
}
u_iptables_chains() {
  for p in iptables ip6tables; do
    # 4: somebody else holds the lock (xtables.h). Tables that are nft's own alone are listed by nft.
    list=$(u_iptables_list $p); [ $? != 4 ] || return
    printf '%s\n' "$list" | awk -v "program=$p" '
      function drops(chain, depth,   rule, word) {
        rule = last[chain]; sub(/ -m comment --comment ("[^"]*"|[^ ]+)/, "", rule); split(rule, word, " ")
        if (word[3] != "-j" || depth > 8) return 0
        return word[4] == "DROP" || word[4] == "REJECT" || drops(word[4], depth + 1)
      }
      $1 == "-P" && $2 ~ /^(INPUT|FORWARD|OUTPUT)$/ { order[++n] = $2; policy[$2] = $3 == "DROP" }
      $1 == "-A" && match($0, /"underlay [0-9a-f]+"/) { tag[$2] = substr($0, RSTART + 10, RLENGTH - 11); next }
      $1 == "-A" { last[$2] = $0 }
      END {
        for (i = 1; i <= n; i++) if (policy[order[i]] || drops(order[i], 0))
          print program, order[i] "  " (order[i] in tag ? tag[order[i]] : "-")
      }'
  done
}
u_iptables_at_boot() {
  command -v iptables >/dev/null || return 0
  grep -qsix 'ENABLED=yes' /etc/ufw/ufw.conf && systemctl is-enabled -q ufw && { echo ufw.service; return; }
  u_drops='^:(INPUT|FORWARD|OUTPUT) DROP|^-A (INPUT|FORWARD|OUTPUT) -j (DROP|REJECT)'
  grep -qsE "$u_drops" /etc/iptables/rules.v4 /etc/iptables/rules.v6 && systemctl is-enabled -q netfilter-persistent &&
    { echo netfilter-persistent.service; return; }
  grep -qsE "$u_drops" /etc/sysconfig/iptables && systemctl is-enabled -q iptables && echo iptables.service
}
u_iptables_stands() { $1 -w -S "$2" 2>/dev/null | grep -q "\"underlay $3\""; }
u_iptables_jumps() { u_iptables_list $1 | sed -n '/--comment "underlay [0-9a-f]*"/s/^-A /-D /p'; }
u_iptables_open() {
  for p in iptables ip6tables; do
    todo=$(printf '%s\n' "$chains" | grep "^$p ") || continue
    { echo '*filter'; u_rules $p; u_iptables_jumps $p
      printf '%s\n' "$todo" | while read -r _ chain _; do
        echo "-I $chain 1 -m comment --comment \"underlay $tag\" -j UNDERLAY-$chain"
      done
      echo COMMIT; } | $p-restore -n -w
  done
}
u_iptables_close() {
  for p in iptables ip6tables; do
    chains=$(u_iptables_list $p | sed -n 's/^-N \(UNDERLAY-.*\)/\1/p')
    [ -n "$chains" ] || continue
    { echo '*filter'; u_iptables_jumps $p
      printf -- '-F %s\n' $chains; printf -- '-X %s\n' $chains
      echo COMMIT; } | $p-restore -n -w
  done
}"""


@dataclass(frozen=True)
class Iptables(PacketFilter):
    """For INPUT, FORWARD and OUTPUT that drop by policy, or end in DROP or REJECT; IPv4 and IPv6 separately."""

    filter: ClassVar[str] = "iptables"
    after: ClassVar[tuple[str, ...]] = (
        "ufw.service",
        "netfilter-persistent.service",
        "iptables.service",
        "ip6tables.service",
        "docker.service",
    )
    functions: ClassVar[str] = _FUNCTIONS
    prelude: ClassVar[str] = PacketFilter.with_shared(_FUNCTIONS)

    def rules(self) -> str:
        lines = ["u_rules() { case $1 in"]
        for program, family in _PROGRAMS.items():
            rules = list(_rules([p for p in self.passes if p.family == family]))
            chains = [f"UNDERLAY-{h.upper()}" for h in HOOKS]
            chains += sorted({r.split()[1] for r in rules} - set(chains))
            lines += [f"{program}) cat <<'UNDERLAY_RULES'", *(f":{c} - [0:0]" for c in chains), *rules]
            lines += ["UNDERLAY_RULES", ";;"]
        return "\n".join([*lines, "esac; }"])

    def check(self, host: Host) -> str | None:
        families = {p.family for p in self.passes}
        for program in [name for name, family in _PROGRAMS.items() if family in families]:
            found = host.run(f"{program}-save -t filter")
            if found.rc in (NO_COMMAND, _LOCKED):
                return f"{program}: could not be asked ({found.stderr.strip()})"
            for chain in ("INPUT", "FORWARD"):
                lines = [x for x in found.stdout.splitlines() if x.startswith((f":{chain} ", f"-A {chain} "))]
                if lines and lines[0].startswith(f":{chain} DROP") and not any("-j UNDERLAY-" in x for x in lines):
                    return f"{program}: {chain} drops the cluster's traffic (no jump to Underlay's chain)"
        return None


def _rules(passes: Sequence[Pass]) -> Iterator[str]:
    """Rules as iptables-restore reads them. Several sources get a chain of their own, so that they are matched once."""
    numbers = count(1)
    groups: dict[tuple[str, tuple[str, ...]], str] = {}
    for hook in dict.fromkeys(p.hook for p in passes):
        chain = f"UNDERLAY-{hook.upper()}"
        yield f"-A {chain} -m conntrack --ctstate INVALID -j RETURN"
        for this in (p for p in passes if p.hook == hook):
            where = chain
            if len(this.sources) > 1:
                if (hook, this.sources) not in groups:
                    groups[hook, this.sources] = f"UNDERLAY-{next(numbers)}"
                    for source in this.sources:
                        yield f"-A {chain} -s {source} -j {groups[hook, this.sources]}"
                where = groups[hook, this.sources]
            source = f" -s {this.sources[0]}" if len(this.sources) == 1 else ""
            for destination in this.destinations or ("",):
                yield f"-A {where}{source}{f' -d {destination}' if destination else ''}{_match(this)} -j ACCEPT"


def _match(this: Pass) -> str:
    words = f" -p {this.protocol}" if this.protocol else ""
    if this.ports:
        ranges = ",".join(f"{first}:{last}" if first != last else str(first) for first, last in this.ports)
        words += f" -m multiport --dports {ranges}"
    return words + (" -m conntrack --ctstate ESTABLISHED,RELATED" if this.reply else "")
