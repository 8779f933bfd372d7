"""The shell around kubeadm: its configuration, removed afterwards, and a mark of how far it came."""

from __future__ import annotations

from shlex import quote
from typing import Any

from underlay.model.cluster import Cluster
from underlay.plan.kubeadm import CONFIG
from underlay.plan.login_environment import WITHOUT_PROXIES
from underlay.plan.yaml_text import as_yaml
from underlay.resources.api_server import MEMBER
from underlay.resources.file import place


def kubeadm_script(cluster: Cluster, command: str, documents: dict[str, Any], *, undo_first: bool) -> str:
    """Shell that runs a kubeadm command; when it is killed at any moment, the next run notices.

    :param documents: path -> document, or list of documents, that the file holds while kubeadm runs.
    :param undo_first: whether an earlier attempt was interrupted and has left files behind.
    """
    mark = f"{cluster.name} {cluster.control_plane_endpoint}"
    lines = ["set -eu", "umask 077", WITHOUT_PROXIES, f"mkdir -p {MEMBER.rsplit('/', 1)[0]}"]
    if undo_first:
        lines.append(
            "kubeadm reset --force >/dev/null 2>&1 || true; rm -rf /etc/cni/net.d/*; systemctl restart containerd"
        )
    lines.append(f"echo {quote(f'started {mark}')} >{MEMBER}")
    for path, content in documents.items():
        text = as_yaml(*(content if isinstance(content, list) else [content]))
        lines.append(f"(\n{place(_heredoc(text), path, mode='600')}\n)")
    paths = " ".join(quote(path) for path in documents)
    lines += [
        f"trap 'rm -f {paths}' EXIT",
        f"{command} --config {CONFIG} >/var/log/underlay-kubeadm.log 2>&1 || {{",
        "  grep -vE '^(I|W)[0-9]{4} |^$' /var/log/underlay-kubeadm.log | tail -n 12 >&2; exit 1; }",
        f"echo {quote(f'member {mark}')} >{MEMBER}",
    ]
    return "\n".join(lines) + "\n"


def _heredoc(text: str) -> str:
    return f"cat >\"$t\" <<'UNDERLAY_END'\n{text}UNDERLAY_END"
