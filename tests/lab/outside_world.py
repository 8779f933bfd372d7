"""The world outside a lab: a mirror of downloads and a registry at an address that hosts reach through a proxy alone.

All three are real: HTTPS of a CA of the tests', Debian's docker-registry with a user, Debian's tinyproxy with another.
"""

from __future__ import annotations

import hashlib
import os
import ssl
import tarfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Network
from pathlib import Path

from tests.certificate_authority import CertificateAuthority
from tests.docker_registry import DockerRegistry
from tests.tiny_proxy import TinyProxy
from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.catalog import image_entry, pinned_version
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import load_manifest
from underlay.lab.model import naming
from underlay.lab.system.commands import run

# RFC 5737: this machine's for as long as the test runs. A lab's router has no route there.
ADDRESS = "198.51.100.53"
MIRROR_PORT, REGISTRY_PORT, PROXY_PORT = 8443, 5443, 3128
# Registries with projects have a path before the repository's.
PROJECT = "released"
PULLS, PASSES = ("robot", "pulls-only-3f9c"), ("site", "passes-only-71ab")
OPENED = {"registry.k8s.io", "ghcr.io"}
BLOBS = BlobStore(bundle_directory())


@dataclass
class OutsideWorld:
    """`directory` is whose files it is made of; `network` the lab's."""

    directory: Path
    network: str

    @property
    def here(self) -> str:
        """Where hosts reach the proxy: this machine's end of the link to the lab's router."""
        return str(IPv4Network(self.network)[1])

    @property
    def registries(self) -> dict[str, dict[str, str]]:
        """Where images of which registry are."""
        endpoint = f"https://{ADDRESS}:{REGISTRY_PORT}/{PROJECT}"
        user, password = PULLS
        entry = {"endpoint": endpoint, "username": user, "password": password}
        return dict.fromkeys(sorted(OPENED), entry)

    @property
    def variables(self) -> dict[str, object]:
        """What an inventory says of it."""
        return {
            "artifacts": {"source": "mirror", "url": f"https://{ADDRESS}:{MIRROR_PORT}/k8s"},
            "registries": self.registries,
            "proxy": {"https": f"http://{':'.join(PASSES)}@{self.here}:{PROXY_PORT}"},
        }

    @contextmanager
    def up(self) -> Iterator[OutsideWorld]:
        """Mirror and registry answer; the proxy does once there is a link to the lab."""
        self.authority = CertificateAuthority(self.directory)
        tls = self.authority.issue(ADDRESS)
        with ExitStack() as stack:
            run("ip", "address", "replace", f"{ADDRESS}/32", "dev", "lo")
            stack.callback(run, "ip", "address", "del", f"{ADDRESS}/32", "dev", "lo")
            os.environ["SSL_CERT_FILE"] = str(self.authority.certificate)
            stack.callback(os.environ.pop, "SSL_CERT_FILE")
            (self.directory / "registry").mkdir()
            self.registry = stack.enter_context(
                DockerRegistry(
                    self.directory / "registry",
                    tls=tls,
                    ca=self.authority.certificate,
                    login=PULLS,
                    address=ADDRESS,
                    port=REGISTRY_PORT,
                )
            )
            self._push()
            mirror(self.directory / "mirror" / "k8s")
            stack.enter_context(_served(self.directory / "mirror", tls))
            yield self

    def shut(self, lab: str) -> None:
        """Take the way out from a lab's router: hosts reach one another and this machine's end of the link."""
        router = naming.router(lab)
        # Every packet that it refuses gets its answer, not only the first of a burst.
        run("ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
        run("ip", "-n", router, "route", "replace", "prohibit", "default")

    @contextmanager
    def proxied(self) -> Iterator[TinyProxy]:
        """The proxy, which lets everybody through who has its password."""
        (self.directory / "proxy").mkdir()
        with TinyProxy(self.directory / "proxy", login=" ".join(PASSES), address=self.here, port=PROXY_PORT) as proxy:
            yield proxy

    def _push(self) -> None:
        for name, image in load_manifest(bundle_directory()).images.items():
            entry = image_entry(name)
            ref = entry.ref(pinned_version(entry.component))
            if ref.partition("/")[0] in OPENED:
                self.push(ref, image.blobs)

    def push(self, ref: str, blobs: tuple[object, ...]) -> str:
        """Push an image of the bundle under this name; return its digest."""
        repository, _, tag = ref.partition("/")[2].rpartition(":")
        manifest, *others = [BLOBS.path(blob.sha256) for blob in blobs]  # type: ignore[attr-defined]
        return self.registry.push(f"{PROJECT}/{repository}", tag, manifest.read_bytes(), others)


def mirror(root: Path) -> None:
    """Lay out the commands of this machine's bundle as upstream publishes them; names as in upstream's own scripts."""
    held = load_manifest(bundle_directory()).binaries
    arch, kubernetes, containerd, plugins = "amd64", "v1.37.2", held["containerd"].version, held["bridge"].version
    for name in ("kubeadm", "kubelet", "kubectl"):
        path = root / f"dl.k8s.io/release/{kubernetes}/bin/linux/{arch}/{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(BLOBS.path(held[name].sha256))
        path.with_name(f"{name}.sha256").write_text(held[name].sha256)
    releases = root / "github.com"
    packed = {f"bin/{name}": name for name in ("containerd", "containerd-shim-runc-v2", "ctr")}
    _pack(
        releases / f"containerd/containerd/releases/download/v{containerd}/containerd-{containerd}-linux-{arch}.tar.gz",
        {member: held[name].sha256 for member, name in packed.items()},
        checksum=".sha256sum",
    )
    names = ("bridge", "host-local", "loopback", "portmap", "bandwidth", "firewall", "ptp", "static", "tuning")
    _pack(
        releases / f"containernetworking/plugins/releases/download/v{plugins}/cni-plugins-linux-{arch}-v{plugins}.tgz",
        {f"./{name}": held[name].sha256 for name in names},
        checksum=".sha256",
    )


def _pack(path: Path, members: dict[str, str], *, checksum: str) -> None:
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for member, sha256 in members.items():
            entry = archive.gettarinfo(str(BLOBS.path(sha256)), member)
            entry.mode = 0o755
            with BLOBS.path(sha256).open("rb") as file:
                archive.addfile(entry, file)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    path.with_name(path.name + checksum).write_text(f"{digest}  {path.name}\n")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Mirror(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that break off: a first byte suffices them."""


@contextmanager
def _served(root: Path, tls: tuple[Path, Path]) -> Iterator[None]:
    server = _Mirror((ADDRESS, MIRROR_PORT), partial(_Quiet, directory=str(root)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
