"""A host's disk before its first boot: its identity, written over the base image."""

import os
import shutil
import uuid

from underlay.files import write_whole
from underlay.lab.model.paths import LabPaths, NodePaths
from underlay.lab.model.topology import Lab, LabNode
from underlay.lab.system import keys

from .hostplan import VOLUMES


def prepare(lab: Lab, node: LabNode, at: LabPaths) -> None:
    """Write a host's name, hosts file, keys and volumes if it has no disk yet; completely or not at all."""
    disk = at.node(node.name)
    if disk.root.is_dir():
        return
    new = NodePaths(disk.root.with_name(f".{node.name}.new"))
    shutil.rmtree(new.root, ignore_errors=True)
    for directory in (new.upper, new.work, new.mountpoint, new.volumes):
        directory.mkdir(parents=True)
        directory.chmod(0o755)
    for name, mode in VOLUMES.items():
        if template := lab.templates.get(name):
            shutil.copytree(template, new.volumes / name, symlinks=True, copy_function=_share)
        else:
            (new.volumes / name).mkdir()
        (new.volumes / name).chmod(mode)
    _identity(lab, node, at, new)
    new.root.rename(disk.root)


def _share(source: str, target: str) -> None:
    """Hard-link a file of a template, which is never written to; databases are, and are copied."""
    if os.path.islink(source) or source.endswith(".db"):
        shutil.copy2(source, target, follow_symlinks=False)
    else:
        os.link(source, target)


def _identity(lab: Lab, node: LabNode, at: LabPaths, new: NodePaths) -> None:
    for name, mode in {"etc": 0o755, "etc/ssh": 0o755, "root": 0o700, "root/.ssh": 0o700}.items():
        (new.upper / name).mkdir()
        (new.upper / name).chmod(mode)
    host_key = "etc/ssh/ssh_host_ed25519_key"
    files = {
        "etc/hostname": f"{node.name}\n",
        "etc/hosts": f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n{node.address} {node.name}\n",
        "etc/machine-id": f"{uuid.uuid4().hex}\n",
        # For kubelet and CoreDNS; queries to this address are refused at once.
        "etc/resolv.conf": f"nameserver {lab.uplink_here}\noptions timeout:1 attempts:1\n",
        "root/.ssh/authorized_keys": f"{keys.public(at, 'client')}\n",
        f"{host_key}.pub": f"{keys.public(at, node.name)} root@{node.name}\n",
    }
    for name, text in files.items():
        write_whole(new.upper / name, text)
    write_whole(new.upper / host_key, (at.keys / node.name).read_text(encoding="utf-8"), mode=0o600)
