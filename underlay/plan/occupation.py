"""What is on a host that kubeadm would refuse to begin on, or would take over: asked, and read."""

from __future__ import annotations

from dataclasses import dataclass

from underlay.model.node import Node
from underlay.resources.api_server import MEMBER

from .attempt import (
    BEFORE,
    CERTIFICATES,
    COMPLETE,
    CONTROL_PLANE_CONFIGS,
    ETCD,
    KUBELET_CONFIGS,
    MADE,
    MANIFESTS,
)

# What an attempt of ours has created itself is left out: the next attempt removes it.
PRELUDE = f"""\
{MADE}
u_occupied() {{
  for p do
    if [ -e "$p" ]; then u_made "$p" || printf '%s file - 0 %s;' "$p" "$(date -u -r "$p" +%F)"; fi
  done
}}
u_etcd() {{
  [ -d {ETCD} ] || return 0
  u_list=$(ls -A {ETCD}/) || {{ u_why='{ETCD} cannot be read'; return 1; }}
  [ -n "$u_list" ] || return 0
  if grep -q '^started ' {MEMBER} && [ "$(tail -n 1 {BEFORE})" = {COMPLETE} ]; then
    grep -q '^{ETCD}/' {BEFORE} || return 0
  fi
  u_db=$(find {ETCD}/ -path '*/member/snap/db' | head -n 1)
  if mountpoint -q {ETCD}; then u_how=mount; else u_how=directory; fi
  if [ -n "$u_db" ]; then u_what=etcd
  elif [ "$u_list" = lost+found ]; then u_what=lost+found
  else u_what=other; fi
  printf '%s %s %s %s %s;' {ETCD} $u_how $u_what "$(du -sm {ETCD}/ | cut -f 1)" "$(date -u -r "${{u_db:-{ETCD}}}" +%F)"
}}
u_pki() {{
  for p do
    shift
    if [ -e "$p" ] && ! u_made "$p"; then set -- "$@" "$p"; fi
  done
  [ $# = 0 ] || sha256sum -- "$@" | awk '{{h = $2 ~ /[.]key$/ ? "" : substr($1, 1, 16); printf "%s %s;", $2, h}}'
}}"""

PKI = f"u_pki {' '.join(CERTIFICATES)}"


def question(node: Node) -> str:
    """Shell that prints what is there of what kubeadm creates on this node; `occupants` reads it."""
    if not node.is_control_plane:
        return f"u_occupied {' '.join(KUBELET_CONFIGS)}"
    return f"u_occupied {' '.join((*KUBELET_CONFIGS, *CONTROL_PLANE_CONFIGS, *MANIFESTS))}; u_etcd"


@dataclass(frozen=True)
class Occupant:
    """A path that kubeadm would want for itself.

    `how` is file, directory or mount; `what` is etcd, lost+found, other or -; `date` is of its last change, in UTC.
    """

    path: str
    how: str
    what: str
    megabytes: str
    date: str


def occupants(answer: str) -> list[Occupant]:
    """The answer to `question`; what makes no sense is left out."""
    entries = (entry.split() for entry in answer.split(";"))
    return [Occupant(*words) for words in entries if len(words) == 5]


def certificates(answer: str) -> dict[str, str]:
    """Path of each certificate and key that is there -> the beginning of its SHA-256, in hex; empty for a key."""
    entries = (entry.strip().partition(" ") for entry in answer.split(";"))
    return {path: digest.strip() for path, _, digest in entries if path.startswith("/")}
