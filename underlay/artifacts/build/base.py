"""Builds the base layer, which images with a shell and network tools share: Debian packages, unpacked and stripped of
everything that no container runs."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from underlay.artifacts.blobs import Blob, BlobStore
from underlay.artifacts.error import ArtifactError
from underlay.debian.sources import debian_mirrors

from .layer import Contents, tree_contents, write_layer
from .steps import Say
from .toolchain import ensure_packages

SUITE = "trixie"
PACKAGES = (
    "base-files",
    "busybox-static",
    "ca-certificates",
    "conntrack",
    "dash",
    "ipset",
    "iproute2",
    "iptables",
    "kmod",
    "libc6",
    "netbase",
    "nftables",
)
# Unpacked and never run in a container: packaging, documentation but for licences, character sets.
_PRUNE = re.compile(
    r"^(boot|dev|etc/(apt|dpkg|default|update-motd\.d|hostname|resolv\.conf|machine-id)"
    r"|usr/bin/(debconf.*|openssl|c_rehash|mawk|busybox)"
    r"|usr/sbin/(arpd|dpkg-.*|iptables-apply|ip6tables-apply|update-ca-certificates|capsh|getpcaps)"
    r"|usr/lib/[^/]+/(gconv|libmvec.*|libssl\.so.*|libdb-.*|engines-3|ossl-modules|audit|perl-base)"
    r"|usr/lib/(apt|dpkg|init|lsb|systemd|valgrind|ssl|tmpfiles\.d|udev)"
    r"|usr/share/(?!doc|ca-certificates|common-licenses|iproute2|xtables)[^/]+"
    r"|usr/share/doc/[^/]+/(?!copyright$).*"
    r"|var/(backups|cache|lib|log|mail|spool)(/.*)?|usr/(games|include|src|local)(/.*)?)(/.*)?$"
)
_IPTABLES = ("iptables", "iptables-save", "iptables-restore")
_KEEP_DIRECTORIES = {"dev": 0o755, "var/lib": 0o755, "var/cache": 0o755, "usr/local/bin": 0o755}


@dataclass(frozen=True)
class BaseLayer:
    """The layer, and the Debian packages in it (name -> version)."""

    blob: Blob
    packages: dict[str, str]


def base_key(arch: str) -> str:
    """Return the base layer's key: a hash of all that decides its content, except the state of Debian's archive."""
    text = json.dumps([SUITE, PACKAGES, _PRUNE.pattern, _IPTABLES, _KEEP_DIRECTORIES, arch, Path(__file__).read_text()])
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def build_base(store: BlobStore, *, work: Path, say: Say) -> BaseLayer:
    """Unpack, strip and store the base layer; mmdebstrap is installed if it is missing.

    :raises ArtifactError: when packages cannot be unpacked.
    """
    ensure_packages(say, {"mmdebstrap": "mmdebstrap"})
    tree, listing = work / "base", work / "base.packages"
    shutil.rmtree(tree, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    _unpack(tree, listing, say)
    say("stripping")
    contents = _strip(tree_contents(tree))
    _add_alternatives(contents)
    _add_shell(contents, tree)
    contents.texts["etc/ssl/certs/ca-certificates.crt"] = _certificates(tree)
    say("writing the layer")
    blob = write_layer(store, contents)
    packages = _versions(listing.read_text())
    shutil.rmtree(tree)
    return BaseLayer(blob, packages)


def _unpack(tree: Path, listing: Path, say: Say) -> None:
    say("unpacking Debian packages")
    mirrors = debian_mirrors()
    sources = [f"deb {mirrors.archive} {SUITE} main"]
    if mirrors.security:
        sources.append(f"deb {mirrors.security} {SUITE}-security main")
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=extract",
        "--mode=root",
        f"--include={','.join(PACKAGES)}",
        # A mirror frozen at a date has an expired Release file; its signature is still checked.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        '--aptopt=Acquire::Languages "none"',
        f'--extract-hook=ls "$1/var/cache/apt/archives" > {listing}',
        SUITE,
        str(tree),
        *sources,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()
        raise ArtifactError(
            "base layer",
            "mmdebstrap failed",
            found=lines[0].strip() if lines else f"exit {done.returncode}",
            remedy="check that `apt-get update` works on this machine",
        )


def _strip(contents: Contents) -> Contents:
    def kept(name: str) -> bool:
        return not _PRUNE.match(name)

    return Contents(
        files={n: p for n, p in contents.files.items() if kept(n) and "__pycache__" not in n},
        links={n: t for n, t in contents.links.items() if kept(n)},
        directories={n: m for n, m in contents.directories.items() if kept(n)} | _KEEP_DIRECTORIES,
    )


def _add_alternatives(contents: Contents) -> None:
    """Do what update-alternatives would: iptables is the nft variant unless /etc/alternatives says otherwise."""
    for family in ("", "6"):
        for command in _IPTABLES:
            name = command.replace("iptables", f"ip{family}tables")
            variant = name.replace("tables", "tables-nft", 1)
            contents.links[f"usr/sbin/{name}"] = f"/etc/alternatives/{name}"
            contents.links[f"etc/alternatives/{name}"] = f"/usr/sbin/{variant}"


def _add_shell(contents: Contents, tree: Path) -> None:
    """Link every busybox applet that no package provides. The shell is dash: busybox's own would run its applets
    instead of the real ip and modprobe."""
    contents.links["usr/bin/sh"] = "dash"
    busybox = tree / "usr/bin/busybox"
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    contents.files["usr/bin/busybox"] = busybox
    have = {Path(n).name for n in (*contents.files, *contents.links) if n.startswith(("usr/bin/", "usr/sbin/"))}
    for applet in applets:
        if applet not in have:
            contents.links[f"usr/bin/{applet}"] = "busybox"


def _certificates(tree: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted((tree / "usr/share/ca-certificates/mozilla").glob("*.crt")))


def _versions(listing: str) -> dict[str, str]:
    names = (line.split("_") for line in listing.split() if line.endswith(".deb"))
    return {name: version.replace("%3a", ":") for name, version, _arch in names}
