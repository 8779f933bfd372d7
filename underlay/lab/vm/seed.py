"""The identity of a virtual machine, as an archive that it unpacks over its root before its network is up."""

import io
import os
import tarfile
import uuid
from collections.abc import Mapping
from pathlib import Path

from underlay.files import write_whole
from underlay.lab.model.paths import LabPaths
from underlay.lab.model.topology import Lab, LabNode
from underlay.lab.system import keys

from .guest import GuestPaths
from .recipe import NETWORK

_KEY = "etc/ssh/ssh_host_ed25519_key"


def write(lab: Lab, node: LabNode, at: GuestPaths, *, carried: Mapping[str, Path]) -> None:
    """Write the machine's host key, its known_hosts, and the archive with keys, name, address and `carried` files."""
    at.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not at.host_key.with_suffix(".pub").exists():
        keys.make_pair(at.host_key, comment=f"{lab.name}/{node.name}")
    public = at.host_key.with_suffix(".pub").read_text(encoding="utf-8")
    client = keys.public(LabPaths.of(lab.name), "client")
    write_whole(at.known_hosts, f"{node.address} {' '.join(public.split()[:2])}\n")
    members = {
        "etc/hostname": (f"{node.name}\n", 0o644),
        "etc/hosts": (f"127.0.0.1 localhost\n::1 localhost\n{node.address} {node.name}\n", 0o644),
        "etc/machine-id": (f"{uuid.uuid4().hex}\n", 0o444),
        "etc/resolv.conf": (f"nameserver {lab.uplink_here}\noptions timeout:1 attempts:1\n", 0o644),
        NETWORK.lstrip("/"): ("".join(f"{line}\n" for line in _network(node)), 0o644),
        f"{_KEY}.pub": (public, 0o644),
        _KEY: (at.host_key.read_text(encoding="utf-8"), 0o600),
        "root/.ssh/authorized_keys": (f"{client}\n", 0o600),
    }
    at.seed.unlink(missing_ok=True)
    private = open(os.open(at.seed, os.O_WRONLY | os.O_CREAT, 0o600), "wb")  # noqa: SIM115
    with private, tarfile.open(fileobj=private, mode="w") as archive:
        _fill(archive, members)
        for inside, here in carried.items():
            archive.add(here, inside.lstrip("/"), filter=_roots)


def _network(node: LabNode) -> list[str]:
    return [
        "link set lo up",
        f"addr add {node.address}/24 dev eth0",
        "link set eth0 up",
        f"route add default via {node.gateway}",
    ]


def _fill(archive: tarfile.TarFile, members: dict[str, tuple[str, int]]) -> None:
    directory = tarfile.TarInfo("root/.ssh")
    directory.type, directory.mode = tarfile.DIRTYPE, 0o700
    archive.addfile(directory)
    for name, (text, mode) in members.items():
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(text.encode()), mode
        archive.addfile(member, io.BytesIO(text.encode()))


def _roots(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    return member
