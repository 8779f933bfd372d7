"""Whether a node serves, by the API of the first control-plane host; asked until it does, or time runs out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from shlex import quote
from typing import Any

from pyinfra.api import Host
from pyinfra.context import ctx_host

from underlay.patience import stretched
from underlay.resources.api_server import KUBECTL

from .access_error import AccessError
from .command import run_script
from .privilege import root_arguments

_POLL_S = 1
# Seconds in which a kubelet that runs has renewed its lease.
_LEASE_S = stretched(30)
# A host that goes down during a command never replies.
_REPLY_S = stretched(30)


def node_and_pods(first: Host, name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The Node object and the list of the pods on it; None where the API does not answer."""
    paths = (f"/api/v1/nodes/{name}", f"/api/v1/pods?fieldSelector=spec.nodeName%3D{name}")
    raw = " && echo && ".join(f"{KUBECTL} get --raw '{path}'" for path in paths)
    replies = lines_of(first, f"{KUBECTL} get --raw /readyz >/dev/null && {raw}")
    if len(replies) != 2:
        return None
    try:
        node, pods = (json.loads(line) for line in replies)
    except ValueError:
        return None
    is_whole = isinstance(node, dict) and isinstance(pods, dict) and "spec" in node and "items" in pods
    return (node, pods) if is_whole else None


def renewed(first: Host, name: str) -> str:
    """When a node's kubelet last renewed its lease, by its own clock (RFC 3339, UTC); empty where nobody knows.

    It does so every ten seconds; a Node's heartbeats come every five minutes where nothing changes.
    """
    lease = f"{KUBECTL} get lease -n kube-node-lease {quote(name)} -o 'jsonpath={{.spec.renewTime}}'"
    return next(iter(lines_of(first, lease)), "")


def is_at_work(first: Host, name: str) -> bool:
    """Whether a node's kubelet runs, and ends pods: the API calls a dead one Ready for most of a minute."""
    ready = f"{KUBECTL} get node {quote(name)} -o 'jsonpath={{.status.conditions[?(@.type==\"Ready\")].status}}'"
    if "True" not in lines_of(first, ready):
        return False
    before = renewed(first, name)
    return not wait_while(lambda: "" if renewed(first, name) not in ("", before) else "silent", _LEASE_S)


def lines_of(host: Host, script: str) -> tuple[str, ...]:
    """The lines that a script prints on a host; none when it fails or the host is down."""
    with suppress(AccessError), ctx_host.use(host):
        ran = run_script(host, script, {**root_arguments(host), "_timeout": _REPLY_S})
        return tuple(line for line in ran.out if line) if ran.ok else ()
    return ()


def wait_while(reason: Callable[[], str], seconds: float) -> str:
    """Wait until there is no reason left; the last one, with the seconds waited, when time runs out."""
    until = time.monotonic() + seconds
    while found := reason():
        if time.monotonic() > until:
            return f"{found} (waited {seconds} s)"
        time.sleep(_POLL_S)
    return ""
