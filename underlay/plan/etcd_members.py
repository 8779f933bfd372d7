"""The members of the cluster's etcd, by the etcd of the first control-plane host: asked, and read.

kubeadm joins no control-plane host while a member does not answer, and a host that was installed anew is still one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.resources import api_server

from .attempt import PKI

# Seconds for an etcd that answers at all.
_SECONDS = 3
_KEYS = f"--cacert {PKI}/etcd/ca.crt --cert {PKI}/etcd/server.crt --key {PKI}/etcd/server.key"
_MEMBERS = "https://127.0.0.1:2379/v3/cluster/member"

# A document, then the URLs of the members that do not answer.
PRELUDE = f"""\
{api_server.FUNCTIONS}
u_etcd_members() {{
  u_cluster; case $? in 1) return 0 ;; 2) return 1 ;; esac
  [ -e /etc/kubernetes/manifests/etcd.yaml ] || return 0
  u_need curl || return
  u_said=$(curl -sSf -m {api_server.SECONDS} {_KEYS} {_MEMBERS}/list -d '{{}}' 2>&1) ||
    {{ u_why="etcd: $(printf '%s' "$u_said" | tail -n 1)"; return 1; }}
  [ -n "$u_said" ] || {{ u_why='etcd: its reply is empty'; return 1; }}
  printf '%s' "$u_said" | tr '\\n' ' '
  for u_url in $(printf '%s' "$u_said" | grep -oE '"clientURLs":\\["[^"]+' | cut -d '"' -f 4); do
    curl -gsf -o /dev/null -m {_SECONDS} {_KEYS} "$u_url/health" || printf ' %s' "$u_url"
  done
}}"""


def question(cluster: Cluster, node: Node) -> str:
    """Shell that prints the members; nothing where no other control-plane host could join."""
    return "u_etcd_members" if node == cluster.first and len(cluster.control_plane) > 1 else ":"


@dataclass(frozen=True)
class EtcdMember:
    """A member by its ID (decimal, as the gateway takes it) and the address that its peers know; named once begun."""

    id: str
    name: str
    address: str
    answers: bool

    @property
    def removal(self) -> str:
        """The command that takes it out, on a host whose etcd is a member."""
        return f'curl -sS {_KEYS} {_MEMBERS}/remove -d \'{{"ID":"{self.id}"}}\''


def etcd_members(line: str) -> list[EtcdMember]:
    """The members in what u_etcd_members prints.

    :raises ValueError: when it is none of that.
    """
    document, end = json.JSONDecoder().raw_decode(line)
    silent = set(line[end:].split())
    try:
        return list(_members(document, silent))
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error


def is_form(line: str) -> bool:
    """Whether a line can be the answer."""
    try:
        return bool(etcd_members(line))
    except (ValueError, RecursionError):
        return False


def _members(document: Any, silent: set[str]) -> Iterator[EtcdMember]:
    for entry in document["members"]:
        urls = entry.get("clientURLs", [])
        address = entry["peerURLs"][0].partition("://")[2].rpartition(":")[0].strip("[]")
        yield EtcdMember(str(entry["ID"]), entry.get("name", ""), address, bool(urls) and not silent & set(urls))
