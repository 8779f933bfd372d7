"""What a host is asked before it is reset: its record, and what Kubernetes and the network have left on it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from underlay.plan.host_record import DIRECTORY, LATE, RULES, SETS, Prior, read_resources
from underlay.plan.probe import Probe
from underlay.resources.answer import Answer, UnansweredError, line_of
from underlay.resources.api_server import MEMBER

from .kernel_traces import IPSEC, PROGRAMS

IPTABLES = "iptables ip6tables iptables-legacy ip6tables-legacy"
_CHAINS = f"""\
for p in {IPTABLES}; do
  ! command -v "$p-save" >/dev/null || "$p-save" 2>/dev/null | sed -n 's/^:\\([^ ]*\\) .*/\\1/p'
done | sort -u | tr '\\n' ' '"""
# What a member of a cluster has, whoever made it one.
_KUBERNETES = (
    "/etc/kubernetes/*.conf /etc/kubernetes/manifests/*.yaml /var/lib/kubelet/config.yaml /var/lib/etcd/member"
)


def _probe(name: str, command: str, about: str) -> Probe:
    return Probe(name, command, about, lambda _: True, may_lack=True, as_root=True)


QUESTIONS = (
    _probe("user", "id -u", "who logs in"),
    _probe("version", f"cat {DIRECTORY}/version 2>/dev/null || :", "its record"),
    _probe("resources", f"base64 -w0 {DIRECTORY}/resources 2>/dev/null || :", "its record of resources"),
    _probe("modes", f"base64 -w0 {DIRECTORY}/modes 2>/dev/null || :", "which modes it had"),
    _probe("paths", f"base64 -w0 {DIRECTORY}/paths 2>/dev/null || :", "its record of paths"),
    _probe("prior_tables", f"tr '\\n' ';' <{DIRECTORY}/tables 2>/dev/null || :", "its record of nftables tables"),
    _probe("mark", f"cat {MEMBER} 2>/dev/null || :", "its mark"),
    _probe("links", "ip -d -json address show", "its links"),
    _probe("routes", "ip -json route show table all", "its routes"),
    _probe("routes6", "ip -6 -json route show table all 2>/dev/null || echo '[]'", "its IPv6 routes"),
    _probe("rules", f"{{ {RULES}; }} | base64 -w0", "its routing rules"),
    _probe("prior_rules", f"base64 -w0 {DIRECTORY}/rules 2>/dev/null || :", "its record of routing rules"),
    _probe("tables", "nft list tables 2>/dev/null | tr '\\n' ';'", "its nftables tables"),
    _probe("chains", _CHAINS, "its iptables chains"),
    _probe("sets", f"{{ {SETS} || :; }} | base64 -w0", "its address sets"),
    _probe("prior_sets", f"base64 -w0 {DIRECTORY}/sets 2>/dev/null || :", "its record of address sets"),
    _probe("programs", f"{{ {PROGRAMS}}} | base64 -w0", "the BPF programs on its links"),
    _probe("ipsec", f"{{ {IPSEC}; }} | base64 -w0", "its IPsec associations"),
    _probe(
        "kubernetes", f"set +f; ls -d {_KUBERNETES} 2>/dev/null | tr '\\n' ' '; set -f", "what it has of Kubernetes"
    ),
    _probe("pods", "set +f; ls -d /var/lib/kubelet/pods/* 2>/dev/null | wc -l; set -f", "its pods"),
    _probe("etcd", "[ ! -d /var/lib/etcd/member ] || echo yes", "its etcd"),
)


@dataclass(frozen=True)
class HostState:
    """What a host answered; `prior` in the order of first application."""

    version: str
    prior: tuple[Prior, ...]
    modes: tuple[str, ...]
    """As in `recorded_mode.mode_line`, or names alone."""
    paths: frozenset[str]
    prior_tables: frozenset[str]
    mark: str
    kubernetes: tuple[str, ...]
    """Files of a cluster's member, whichever that is."""
    links: str
    routes: tuple[str, str]
    rules: tuple[str, ...]
    prior_rules: frozenset[str]
    tables: tuple[str, ...]
    chains: tuple[str, ...]
    sets: tuple[str, ...]
    prior_sets: frozenset[str]
    programs: tuple[str, ...]
    ipsec: str
    pods: int
    has_etcd: bool

    @property
    def is_recorded(self) -> bool:
        return bool(self.version)

    @property
    def is_late(self) -> bool:
        """Whether the record began when the host was no longer as it had been."""
        return self.version == LATE


def host_state(answers: Mapping[str, Answer]) -> HostState:
    """The state in a host's answers.

    :raises UnansweredError: when the host could not say something.
    """
    lines = {name: line_of(answer) for name, answer in answers.items()}
    if lines["user"] != "0":
        raise UnansweredError("the login is not root's, and sudo gives no root")
    return HostState(
        version=lines["version"],
        prior=tuple(read_resources(_decoded(lines["resources"]))),
        modes=tuple(_decoded(lines["modes"])),
        paths=frozenset(_decoded(lines["paths"])),
        prior_tables=frozenset(_tables(lines["prior_tables"])),
        mark=lines["mark"],
        kubernetes=tuple(lines["kubernetes"].split()),
        links=lines["links"],
        routes=(lines["routes"], lines["routes6"]),
        rules=tuple(_decoded(lines["rules"])),
        prior_rules=frozenset(_decoded(lines["prior_rules"])),
        tables=tuple(_tables(lines["tables"])),
        chains=tuple(lines["chains"].split()),
        sets=tuple(_decoded(lines["sets"])),
        prior_sets=frozenset(_decoded(lines["prior_sets"])),
        programs=tuple(_decoded(lines["programs"])),
        ipsec=_text(lines["ipsec"]),
        pods=int(lines["pods"] or 0),
        has_etcd=lines["etcd"] == "yes",
    )


def _decoded(text: str) -> list[str]:
    return _text(text).splitlines()


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode(errors="replace")


def _tables(line: str) -> list[str]:
    return [one.strip().removeprefix("table ") for one in line.split(";") if one.strip()]
