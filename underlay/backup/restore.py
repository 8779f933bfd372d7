"""What a backup is on the host that the control plane begins on again, and the shell that gives it to kubeadm."""

from __future__ import annotations

import io
import tarfile
from hashlib import sha256
from shlex import quote

from underlay.inventory.host_names import bracketed
from underlay.model.node import Node

from .archive import ETCD, PKI, Backup, add

SEED = "/var/lib/underlay/restore"
"""Private, and there only while a restore is at work."""
PLACED = f"{SEED}/sha256"
"""As old as the restore: one that is run again finds what the first one has placed."""
_CONTAINER = "underlay-etcd-restore"
# So far above any revision of the snapshot that no watcher has seen a newer one (etcd's documentation on disaster
# recovery names this figure).
_BUMP = 1_000_000_000


def seed(backup: Backup) -> bytes:
    """The archive, uncompressed tar, of what a host needs."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in backup.files.items():
            if name == ETCD or name.startswith(PKI):
                add(archive, name, data, mode=0o600 if name.endswith((".key", ".db")) else 0o644)
    return buffer.getvalue()


def place_script(data: bytes) -> str:
    """Shell that reads the archive from standard input, and keeps it whole or not at all; one that is there stays."""
    digest = sha256(data).hexdigest()
    return f"""\
set -eu; umask 077
[ "$(cat {PLACED} 2>/dev/null)" != {digest} ] || {{ head -c {len(data)} >/dev/null; exit 0; }}
rm -rf {SEED} {SEED}.new; mkdir -p {SEED}.new
trap 'rm -rf {SEED}.new' EXIT
cd {SEED}.new
head -c {len(data)} >all.tar
echo '{digest}  all.tar' | sha256sum --quiet -c - >&2
tar -xf all.tar --no-same-owner; rm all.tar
echo {digest} >sha256
mv -T {SEED}.new {SEED}
"""


def begin_script(node: Node, *, etcd: str) -> str:
    """Shell that lays the authorities down, and makes etcd's data directory with one member.

    :param etcd: the image of etcd, which has `etcdutl`.
    """
    url = f"https://{bracketed(str(node.address))}:2380"
    restore = [
        *("/usr/local/bin/etcdutl", "snapshot", "restore", f"/seed/{ETCD}", "--data-dir", "/seed/data"),
        *("--name", node.name, "--initial-cluster", f"{node.name}={url}", "--initial-advertise-peer-urls", url),
        *("--bump-revision", str(_BUMP), "--mark-compacted"),
    ]
    ctr = "ctr -n k8s.io"
    return f"""\
[ -e {SEED}/{ETCD} ] || {{ echo '{SEED} is missing; run underlay restore again' >&2; exit 1; }}
mkdir -p /etc/kubernetes/pki /var/lib/etcd
cp -a {SEED}/{PKI}. /etc/kubernetes/pki/
{{ {ctr} tasks kill -s KILL {_CONTAINER}; {ctr} containers rm {_CONTAINER}; }} >/dev/null 2>&1 || :
rm -rf {SEED}/data
{ctr} run --rm --mount type=bind,src={SEED},dst=/seed,options=rbind:rw {etcd} {_CONTAINER} \\
  {" ".join(map(quote, restore))} >{SEED}/log 2>&1 </dev/null || {{ tail -n 5 {SEED}/log >&2; exit 1; }}
cp -a {SEED}/data/. /var/lib/etcd/
chmod 700 /var/lib/etcd
rm -rf {SEED}/data"""


def end_script() -> str:
    """Shell that removes what `place_script` has kept."""
    return f"rm -rf {SEED} {SEED}.new\n"
