"""The shell around kubeadm: its configuration, removed afterwards, and a mark of how far it came."""

from __future__ import annotations

from shlex import quote
from typing import Any

from underlay.model.cluster import Cluster
from underlay.plan.attempt import BEFORE, FAILED, begin, record
from underlay.plan.kubeadm import CONFIG
from underlay.plan.proxies import of_kubeadm
from underlay.plan.run_lock import ATTEMPT
from underlay.plan.yaml_text import as_yaml
from underlay.resources.api_server import MEMBER
from underlay.resources.file import place

LOG = "/var/log/underlay-kubeadm.log"

# What kubeadm says went wrong; without such a line, the end of its log. Colours are taken out of either.
_REASON = f"""\
u_reason() {{
  sed 's/\\x1b\\[[0-9;]*m//g' {LOG} >{LOG}.plain
  grep -aE '\\[ERROR |^error execution phase |^error: ' {LOG}.plain | sed 's/^[[:blank:]]*//' | tail -n 12 >&2
  grep -qaE '\\[ERROR |^error execution phase |^error: ' {LOG}.plain ||
    grep -avE '^(I|W)[0-9]{{4}} |^$' {LOG}.plain | tail -n 12 >&2
  rm -f {LOG}.plain
  exit 1
}}"""


def kubeadm_script(
    cluster: Cluster,
    command: str,
    documents: dict[str, Any],
    *,
    queried_mark: str,
    undo: str,
    before: str = "",
    begin_with: str = "",
    after: str = "",
) -> str:
    """Shell that runs a kubeadm command; when it is killed at any moment, the next run notices.

    kubeadm's own checks come first: what they refuse has left neither a mark nor anything to undo.

    :param documents: path -> document, or list of documents, that the file holds while kubeadm runs.
    :param queried_mark: the mark that the host had when it was queried; empty without one.
    :param undo: shell that removes what an earlier attempt has left behind; empty if there was none.
    :param before: shell that decides whether to begin at all.
    :param begin_with: shell that lays down what kubeadm finds, as a part of the attempt.
    :param after: shell that waits for what kubeadm does not wait for.
    """
    mark = f"{cluster.name} {cluster.control_plane_endpoint}"
    paths = " ".join(quote(path) for path in documents)
    lines = ["set -eu", "umask 077", of_kubeadm(cluster), f"mkdir -p {MEMBER.rsplit('/', 1)[0]}", _REASON]
    if before:
        lines.append(before)
    lines.append(begin(queried_mark=queried_mark, complete=f"member {mark}"))
    if undo:
        lines.append(undo)
    lines.append(f"trap 'rm -f {paths} {ATTEMPT}' EXIT")
    for path, content in documents.items():
        text = as_yaml(*(content if isinstance(content, list) else [content]))
        lines.append(f"(\n{place(_heredoc(text), path, mode='600')}\n)")
    # kubeadm tells how others would join, and so the token, unless it is told not to.
    private = " --skip-token-print --skip-certificate-key-print" if command == "kubeadm init" else ""
    lines += [
        f"rm -f {LOG}",
        f"{command} phase preflight --config {CONFIG} >{LOG} 2>&1 </dev/null || u_reason",
        record(),
        f"echo {quote(f'started {mark}')} >{MEMBER}",
        f"trap 'rm -f {paths} {ATTEMPT}; [ ! -e {BEFORE} ] || touch {FAILED}' EXIT",
        begin_with,
        f"{command}{private} --skip-phases=preflight --config {CONFIG} >>{LOG} 2>&1 </dev/null || u_reason",
        f"echo {quote(f'member {mark}')} >{MEMBER}",
        f"rm -f {BEFORE}",
        after,
    ]
    return "\n".join(lines) + "\n"


def upgrade_script(cluster: Cluster, command: str, document: dict[str, Any], *, before: str = "") -> str:
    """Shell that runs `kubeadm upgrade apply` or `kubeadm upgrade node`; what was killed is begun again as a whole.

    :param document: the file that kubeadm reads. :param before: shell that decides whether to begin at all.
    """
    return "\n".join(
        [
            *("set -eu", "umask 077", of_kubeadm(cluster), _REASON, before),
            f"trap 'rm -f {CONFIG}' EXIT",
            f"(\n{place(_heredoc(as_yaml(document)), CONFIG, mode='600')}\n)",
            f"rm -f {LOG}",
            f"{command} --config {CONFIG} >{LOG} 2>&1 </dev/null || u_reason",
            "",
        ]
    )


def _heredoc(text: str) -> str:
    return f"cat >\"$t\" <<'UNDERLAY_END'\n{text}UNDERLAY_END"
