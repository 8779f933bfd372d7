"""Underlay's rules in a firewall written with nftables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from .firewall import HOOKS, Pass
from .packet_filter import PacketFilter
from .resource import NO_COMMAND, Host

_FAMILIES = {4: "ip", 6: "ip6"}
# firewalld's table and the chains of iptables have resource kinds of their own.
_FUNCTIONS = r"""u_nftables_chains() {
  command -v nft >/dev/null || return 0
  iptables=
  for p in iptables ip6tables; do
    case $($p -V 2>/dev/null) in *nf_tables*) ! $p -S INPUT >/dev/null 2>&1 || iptables="$iptables ${p%tables} ";; esac
  done
  ruleset=$(nft -s list ruleset 2>/dev/null) || {
    case $(nft list tables 2>&1) in *'not supported'*) return 0;; esac; return 1; }
  printf '%s\n' "$ruleset" | awk -v "iptables=$iptables" '
    function drops(chain, depth,   rule, word, at) {
      rule = last[chain]
      sub(/ comment "[^"]*"$/, "", rule)
      sub(/^counter( packets [0-9]+ bytes [0-9]+)? /, "", rule)
      sub(/^log( (prefix "[^"]*"|level [a-z]+|group [0-9]+|snaplen [0-9]+|flags (all|skuid|ether)))* /, "", rule)
      sub(/^counter( packets [0-9]+ bytes [0-9]+)? /, "", rule)
      if (rule ~ /^(drop|reject( with .*)?)$/) return 1
      if (rule !~ /^(jump|goto) [^ ]+$/ || depth > 8) return 0
      split(rule, word, " "); split(chain, at, " ")
      return drops(at[1] " " at[2] " " word[2], depth + 1)
    }
    /^table / { table = $2 " " $3; chain = ""; next }
    /^\tchain / { chain = table " " $2; next }
    /^\t[^\t}]/ { chain = ""; next }
    chain == "" { next }
    /^\t\ttype (filter|route) hook (input|forward|output) / {
      split(chain, at, " ")
      if (chain ~ / filter (INPUT|FORWARD|OUTPUT)$/ && index(iptables, " " at[1] " ")) next
      if (at[2] == "firewalld" || at[1] !~ /^(ip|ip6|inet)$/) next
      order[++n] = chain; hook[chain] = $4; policy[chain] = / policy drop;/; next
    }
    / comment "underlay [0-9a-f]+"$/ { tag[chain] = substr($NF, 1, length($NF) - 1); next }
    /^\t\t/ { last[chain] = $0; sub(/^[\t ]+/, "", last[chain]) }
    END {
      for (i = 1; i <= n; i++) if (policy[order[i]] || drops(order[i], 0))
        print order[i] "  " hook[order[i]], (order[i] in tag ? tag[order[i]] : "-")
    }'
}
u_nftables_at_boot() {
  command -v nft >/dev/null && grep -rqsE \
    -e '^[^#]*policy[[:space:]]+drop' \
    -e '^[[:space:]]*(counter[[:space:]]+|log[^#;]*)*(drop|reject[^#;]*)[[:space:];]*$' \
    /etc/nftables.conf /etc/nftables.d /etc/nftables && systemctl is-enabled -q nftables && echo nftables.service
}
u_nftables_stands() { nft list chain "$1" "$2" "$3" 2>/dev/null | grep -q "\"underlay $5\""; }
u_nftables_ours() {
  nft -a list ruleset 2>/dev/null | awk '
    /^table / { table = $2 " " $3 }
    /^\tchain / { chain = $2; if (chain ~ /^underlay-(input|forward|output)$/) ours[++n] = table " " chain }
    / comment "underlay [0-9a-f]+" # handle [0-9]+$/ { print "delete rule", table, chain, "handle", $NF }
    END { for (i = 1; i <= n; i++) print "delete chain", ours[i] }'
}
u_nftables_open() {
  { u_nftables_ours | grep '^delete rule'
    printf '%s\n' "$chains" | while read -r family table chain hook _; do
      printf '%s\n' "add chain $family $table underlay-$hook" "flush chain $family $table underlay-$hook"
      u_rules "$hook" | while read -r version rule; do
        case $family$version in ip6|ip64) continue;; inet*) rule="meta nfproto ipv$version $rule";; esac
        echo "add rule $family $table underlay-$hook $rule"
      done
      echo "insert rule $family $table $chain jump underlay-$hook comment \"underlay $tag\""
    done; } | nft -f -
}
u_nftables_close() { ! command -v nft >/dev/null || u_nftables_ours | nft -f -; }"""


@dataclass(frozen=True)
class Nftables(PacketFilter):
    """For base chains of input, forward and output that drop by policy, or end in drop or reject."""

    filter: ClassVar[str] = "nftables"
    after: ClassVar[tuple[str, ...]] = ("nftables.service",)
    functions: ClassVar[str] = _FUNCTIONS
    prelude: ClassVar[str] = PacketFilter.with_shared(_FUNCTIONS)

    def rules(self) -> str:
        lines = ["u_rules() { case $1 in"]
        for hook in HOOKS:
            passes = [p for p in self.passes if p.hook == hook]
            # Packets of no connection are left to the owner's rules.
            invalid = [f"{version} ct state invalid return" for version in sorted({p.family for p in passes})]
            lines += [f"{hook}) cat <<'UNDERLAY_RULES'", *invalid, *(f"{p.family} {_rule(p)}" for p in passes)]
            lines += ["UNDERLAY_RULES", ";;"]
        return "\n".join([*lines, "esac; }"])

    def check(self, host: Host) -> str | None:
        found = host.run("nft -j list ruleset")
        if found.rc == NO_COMMAND or "not supported" in found.stderr:
            return None
        if found.rc:
            return f"nftables: could not be asked ({found.stderr.strip()})"
        entries = json.loads(found.stdout)["nftables"]
        concerned = {"inet", *(_FAMILIES[p.family] for p in self.passes)}
        closed = [_name(c) for c in _dropping(entries) if c["family"] in concerned and not _has_ours(c, entries)]
        return (
            f"nftables: {', '.join(closed)} drops the cluster's traffic (no jump to Underlay's chain)"
            if closed
            else None
        )


def _rule(this: Pass) -> str:
    ip = _FAMILIES[this.family]
    words = [
        f"{ip} {side} {{ {', '.join(addresses)} }}"
        for side, addresses in (("saddr", this.sources), ("daddr", this.destinations))
        if addresses
    ]
    if this.ports:
        ports = ", ".join(f"{first}-{last}" if first != last else str(first) for first, last in this.ports)
        words.append(f"{this.protocol} dport {{ {ports} }}")
    elif this.protocol:
        words.append(f"meta l4proto {this.protocol}")
    return " ".join([*words, *(["ct state established,related"] if this.reply else []), "accept"])


def _dropping(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Base chains that drop by policy, as `nft -j` prints them, without firewalld's and those of iptables."""
    for chain in (e["chain"] for e in entries if "chain" in e):
        theirs = chain["table"] == "firewalld" or (chain["table"], chain["name"].isupper()) == ("filter", True)
        if chain.get("hook") in HOOKS and chain.get("policy") == "drop" and not theirs:
            yield chain


def _name(chain: dict[str, Any]) -> str:
    return f"{chain['family']} {chain['table']} {chain['name']}"


def _has_ours(chain: dict[str, Any], entries: list[dict[str, Any]]) -> bool:
    where = (chain["family"], chain["table"], chain["name"])
    rules = [e["rule"] for e in entries if "rule" in e]
    here = [r for r in rules if (r["family"], r["table"], r["chain"]) == where]
    return any(e.get("jump", {}).get("target") == f"underlay-{chain['hook']}" for r in here for e in r["expr"])
