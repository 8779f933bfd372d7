"""What a host is asked before it is reset: its record, and what Kubernetes and the network have left on it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from underlay.plan import answer_forms
from underlay.plan.host_record import DIRECTORY, LATE, RULES, SETS, Prior, read_resources
from underlay.plan.probe import Probe
from underlay.plan.run_lock import LEFT, PRELUDE
from underlay.resources.answer import Answer, UnansweredError, line_of
from underlay.resources.api_server import MEMBER

from .kernel_traces import IPSEC, PROGRAMS

IPTABLES = "iptables ip6tables iptables-legacy ip6tables-legacy"
# What a member of a cluster has, whoever made it one.
_KUBERNETES = (
    "/etc/kubernetes/*.conf /etc/kubernetes/manifests/*.yaml /var/lib/kubelet/config.yaml /var/lib/etcd/member"
)
# What is there and cannot be read fails, and so does a program that is missing or held by somebody else: what it would
# have said is unknown, not nothing.
_FUNCTIONS = f"""\
u_kept() {{ [ ! -e "$1" ] || cat "$1"; }}
u_encoded() {{ u_text=$("$@") || return; printf '%s' "$u_text" | base64 -w0; }}
u_kept_lines() {{ u_text=$(u_kept "$1") || return; printf '%s' "$u_text" | tr '\\n' "$2"; }}
u_second_routes() {{
  if [ -e /proc/net/if_inet6 ]; then u_ask 10 ip -6 -json route show table all; else echo '[]'; fi
}}
u_rule_list() {{ {RULES}; }}
u_set_list() {{ {SETS} || :; }}
u_program_list() {{ {PROGRAMS}}}
u_ipsec_list() {{ {IPSEC}; :; }}
u_nft_tables() {{
  command -v nft >/dev/null || return 0
  u_text=$(nft list tables) && {{ printf '%s' "$u_text" | tr '\\n' ';'; return; }}
  u_why=$(nft list tables 2>&1 >/dev/null | tail -n 1)
  case $u_why in *'not supported'*) u_why=; return 0 ;; esac
  u_why="nft: ${{u_why:-it fails}}"; return 1
}}
u_saved_chains() {{
  u_names=
  for p in {IPTABLES}; do
    command -v "$p-save" >/dev/null || continue
    u_text=$("$p-save") || {{
      u_status=$?; u_why=$("$p-save" 2>&1 >/dev/null | tail -n 1)
      # Of a table that this kernel lacks there are no chains.
      case "$u_status $u_why" in "4 "*|*'ermission denied'*|*lock*|*'No buffer space'*|*'Killed'*|1[3-9][0-9]" "*)
        u_why="$p-save: ${{u_why:-exit status $u_status}}"; return 1 ;;
      esac
      u_why=
    }}
    u_names="$u_names$u_nl$(printf '%s\\n' "$u_text" | sed -n 's/^:\\([^ ]*\\) .*/\\1/p')"
  done
  printf '%s\\n' "$u_names" | sort -u | tr '\\n' ' '
}}"""


def _probe(name: str, command: str, about: str, form: Callable[[str], bool], *, may_lack: bool = True) -> Probe:
    return Probe(name, command, about, form, _FUNCTIONS, may_lack=may_lack, as_root=True)


def _kept(name: str, form: Callable[[str], bool], about: str) -> Probe:
    """A file of the record, as lines in base64."""
    return _probe(name, f"u_encoded u_kept {DIRECTORY}/{name.removeprefix('prior_')}", about, form)


def _is_base64(line: str) -> bool:
    try:
        base64.b64decode(line, validate=True)
    except ValueError:
        return False
    return True


def _is_version(line: str) -> bool:
    return re.fullmatch("[0-9]+( late)?", line) is not None


def _is_yes(line: str) -> bool:
    return line == "yes"


QUESTIONS = (
    # First: what follows is true only once nothing is at work.
    Probe("left", LEFT, "what another run has left at work", bool, PRELUDE, as_root=True),
    _probe("user", "id -u", "who logs in", answer_forms.number, may_lack=False),
    _probe("version", f"u_kept {DIRECTORY}/version", "its record", _is_version),
    _kept("resources", _is_base64, "its record of resources"),
    _kept("modes", _is_base64, "its record of modes"),
    _kept("paths", _is_base64, "its record of paths"),
    _probe("prior_tables", f"u_kept_lines {DIRECTORY}/tables ';'", "its record of nftables tables", bool),
    _probe("mark", f"u_kept {MEMBER}", "its mark", answer_forms.mark),
    _probe("links", "u_ask 10 ip -d -json address show", "its links", answer_forms.links, may_lack=False),
    _probe("routes", "u_ask 10 ip -json route show table all", "its routes", answer_forms.routes),
    _probe("routes6", "u_second_routes", "its IPv6 routes", answer_forms.routes),
    _probe("rules", "u_need ip && u_encoded u_rule_list", "its routing rules", _is_base64),
    _kept("prior_rules", _is_base64, "its record of routing rules"),
    _probe("tables", "u_nft_tables", "its nftables tables", bool),
    _probe("chains", "u_saved_chains", "its iptables chains", answer_forms.words),
    _probe("sets", "u_encoded u_set_list", "its address sets", _is_base64),
    _kept("prior_sets", _is_base64, "its record of address sets"),
    _probe("programs", "u_encoded u_program_list", "the BPF programs on its links", _is_base64),
    _probe("ipsec", "u_need ip && u_encoded u_ipsec_list", "its IPsec associations", _is_base64),
    _probe(
        "kubernetes",
        f"set +f; ls -d {_KUBERNETES} | tr '\\n' ' '; set -f",
        "what it has of Kubernetes",
        answer_forms.words,
    ),
    _probe("pods", "set +f; ls -d /var/lib/kubelet/pods/* | wc -l; set -f", "its pods", answer_forms.number),
    _probe("etcd", "[ ! -d /var/lib/etcd/member ] || echo yes", "its etcd", _is_yes),
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
