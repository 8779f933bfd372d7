"""Takes a backup of a running cluster, from the first control-plane host that can give one."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.backup import etcd_snapshot
from underlay.backup.archive import ETCD, MANIFESTS, PKI, Backup

from .access_error import AccessError
from .command import run_script
from .on_nodes import Stopped, planes_of
from .privilege import root_arguments
from .run import current_run

_AUTHORITIES = ("ca", "front-proxy-ca", "etcd/ca")
_FILES = (*(f"{name}.{end}" for name in _AUTHORITIES for end in ("crt", "key")), "sa.pub", "sa.key")
_SNAPSHOT = "@snapshot"

# A line for each file: what it is called in the backup, and its base64. Then the parts of the snapshot.
_SCRIPT = f"""\
set -eu
cd /etc/kubernetes/pki
for f in {" ".join(_FILES)}; do [ ! -e "$f" ] || echo "{PKI}$f $(base64 -w0 "$f")"; done
cd ../manifests
for f in *.yaml; do echo "{MANIFESTS}$f $(base64 -w0 "$f")"; done
echo {_SNAPSHOT}
{etcd_snapshot.COMMAND}
"""


def taken(state: State, beside: Mapping[str, bytes]) -> Backup:
    """The backup.

    :param beside: files of the controller that go with it, by name.
    :raises Stopped: when no control-plane host can give one, with the reason of each.
    """
    problems = []
    with ctx_state.use(state):
        # The first one first, as everywhere; it is the one whose etcd has seen all.
        for host in sorted(planes_of(state), key=lambda host: not current_run().is_first(host)):
            try:
                return _of(host, beside)
            except AccessError as error:
                problems.append(str(error))
            except ValueError as error:
                problems.append(f"{host.name}: {error}")
    raise Stopped(problems or ["no control-plane host answers"])


def _of(host: Host, beside: Mapping[str, bytes]) -> Backup:
    with ctx_host.use(host):
        ran = run_script(host, _SCRIPT, root_arguments(host))
    if not ran.ok or _SNAPSHOT not in ran.out:
        raise AccessError(host.name, ran.reason())
    at = ran.out.index(_SNAPSHOT)
    files = {**dict(_decoded(ran.out[:at])), ETCD: etcd_snapshot.snapshot(ran.out[at + 1 :])}
    cluster = current_run().spec.cluster
    return Backup(
        cluster=cluster.name,
        endpoint=cluster.control_plane_endpoint,
        kubernetes=_version(files, "kube-apiserver"),
        etcd=_version(files, "etcd"),
        host=host.name,
        made=datetime.now(UTC).replace(microsecond=0),
        files={**files, **beside},
    )


def _decoded(lines: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for line in lines:
        name, _, text = line.partition(" ")
        yield name, base64.b64decode(text)


def _version(files: Mapping[str, bytes], pod: str) -> str:
    """The tag of the image in a static pod's manifest."""
    manifest = files.get(f"{MANIFESTS}{pod}.yaml", b"").decode()
    found = re.search(rf"^ *image: \S*/{pod}:(\S+)$", manifest, re.MULTILINE)
    if not found:
        raise ValueError(f"/etc/kubernetes/manifests/{pod}.yaml names no image")
    return found[1]
