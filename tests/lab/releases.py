"""The commands of this machine's bundle, laid out and served as upstream publishes them.

Names, archives and checksum files are spelled as the projects' own release scripts spell them, not by the code under
test.
"""

from __future__ import annotations

import hashlib
import io
import ssl
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import load_manifest

BLOBS = BlobStore(bundle_directory())
KUBERNETES = "v1.37.2"
COMMANDS = ("kubeadm", "kubelet", "kubectl")
RUNTIME = ("containerd", "containerd-shim-runc-v2", "ctr")
PLUGINS = ("bridge", "host-local", "loopback", "portmap", "bandwidth", "firewall", "ptp", "static", "tuning")


def lay_out(root: Path) -> None:
    """Write host/path of every release, and its checksum file beside it; those for arm64 hold no real commands."""
    held = load_manifest(bundle_directory()).binaries
    containerd, plugins = held["containerd"].version, held["bridge"].version
    releases = root / "github.com"
    for arch in ("amd64", "arm64"):
        real = {name: BLOBS.path(binary.sha256) for name, binary in held.items()} if arch == "amd64" else {}
        for name in COMMANDS:
            path = root / f"dl.k8s.io/release/{KUBERNETES}/bin/linux/{arch}/{name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            if name in real:
                path.symlink_to(real[name])
            else:
                path.write_text(f"{name} for {arch}\n")
            # The bare digest, without a name.
            path.with_name(f"{name}.sha256").write_text(sha256_of(path))
        archive = f"v{containerd}/containerd-{containerd}-linux-{arch}.tar.gz"
        _pack(
            releases / "containerd/containerd/releases/download" / archive,
            {f"bin/{name}": real.get(name) for name in RUNTIME},
            checksum=".sha256sum",
        )
        archive = f"v{plugins}/cni-plugins-linux-{arch}-v{plugins}.tgz"
        _pack(
            releases / "containernetworking/plugins/releases/download" / archive,
            {f"./{name}": real.get(name) for name in ("LICENSE", "README.md", *PLUGINS)},
            checksum=".sha256",
        )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pack(path: Path, members: dict[str, Path | None], *, checksum: str) -> None:
    """Write an archive whose members are these files, or their own names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for member, blob in members.items():
            entry = tarfile.TarInfo(member)
            entry.mode, entry.size = 0o755, blob.stat().st_size if blob else len(member)
            with blob.open("rb") if blob else io.BytesIO(member.encode()) as file:
                archive.addfile(entry, file)
    path.with_name(path.name + checksum).write_text(f"{sha256_of(path)}  {path.name}\n")


class QuietFiles(SimpleHTTPRequestHandler):
    """Files below a directory."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that break off: a first byte suffices them."""


@contextmanager
def served(
    root: Path, *, address: tuple[str, int], tls: tuple[Path, Path], by: type[QuietFiles] = QuietFiles
) -> Iterator[None]:
    """Serve the files below a directory over HTTPS, for as long as the block lasts."""
    server = _Server(address, partial(by, directory=str(root)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
