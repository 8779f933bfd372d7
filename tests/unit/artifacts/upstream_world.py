"""The part of the internet that releases come from: its names, its certificates and its layout, on this machine.

A proxy takes the connections (HTTPS_PROXY) and answers itself, with certificates of a CA that SSL_CERT_FILE names.
What is published is spelled here by hand, as the projects' own release scripts publish it; it must not be computed by
the code that is tested.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import ssl
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .artifacts_server import Answers, Upstream

# Where releases are, and where these names redirect to.
NAMES = (
    "dl.k8s.io",
    "cdn.dl.k8s.io",
    "github.com",
    "release-assets.githubusercontent.com",
    "get.helm.sh",
    "helm.cilium.io",
    "quay.io",
    "cdn01.quay.io",
)
SIGNED = """\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

{lines}
-----BEGIN PGP SIGNATURE-----

iHUEARYIAB0WIQTH
-----END PGP SIGNATURE-----
"""


@dataclass
class World(Upstream):
    """`files` are host/path -> content, as everywhere; hosts in `blocked` cannot be reached through the proxy."""

    directory: Path = Path()
    blocked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.handler = _Proxied
        self.ca = self.directory / "ca.pem"
        certificate = self.directory / "server.pem"
        _write_certificates(self.ca, certificate)
        self.served_as = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.served_as.load_cert_chain(certificate)

    @property
    def environment(self) -> dict[str, str]:
        """What makes programs take this for the internet: Python's and curl's."""
        return {"HTTPS_PROXY": self.url, "https_proxy": self.url, "SSL_CERT_FILE": str(self.ca), "NO_PROXY": ""}

    @property
    def paths(self) -> list[str]:
        """Host and path of every request, sorted."""
        return sorted(path.lstrip("/") for path, _ in self.requested)

    def publish(self, path: str, content: bytes, *, checksums: str = "", text: str = "{digest}  {name}\n") -> str:
        """Publish a file, and its checksum beside it (`checksums` is the suffix); return its sha256."""
        digest = hashlib.sha256(content).hexdigest()
        self.put(path, content)
        if checksums:
            self.put(path + checksums, text.format(digest=digest, name=path.rpartition("/")[2]).encode())
        return digest


def archive(members: dict[str, bytes]) -> bytes:
    """A .tar.gz, the same every time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def program(name: str, arch: str) -> bytes:
    return f"#!/bin/sh\necho {name} for {arch}\n".encode()


def publish_releases(world: World, *, kubernetes: str, containerd: str, cni: str, helm: str, runc: str) -> None:
    """Publish what a cluster is installed from, for both architectures; versions without a v."""
    github = "github.com/{project}/releases/download"
    for arch in ("amd64", "arm64"):
        for name in ("kubeadm", "kubelet", "kubectl"):
            path = f"dl.k8s.io/release/v{kubernetes}/bin/linux/{arch}/{name}"
            world.publish(path, program(name, arch), checksums=".sha256", text="{digest}")
        programs = ("containerd", "containerd-shim-runc-v2", "containerd-stress", "ctr")
        world.publish(
            f"{github.format(project='containerd/containerd')}/v{containerd}/containerd-{containerd}-linux-{arch}.tar.gz",
            archive({f"bin/{name}": program(name, arch) for name in programs}),
            checksums=".sha256sum",
        )
        plugins = (
            "LICENSE README.md bandwidth bridge dhcp dummy firewall host-device host-local ipvlan loopback macvlan"
        )
        plugins += " portmap ptp sbr static tap tuning vlan vrf"
        world.publish(
            f"{github.format(project='containernetworking/plugins')}/v{cni}/cni-plugins-linux-{arch}-v{cni}.tgz",
            archive({f"./{name}": program(name, arch) for name in plugins.split()}),
            checksums=".sha256",
        )
        path = f"get.helm.sh/helm-v{helm}-linux-{arch}.tar.gz"
        files = {f"linux-{arch}/{name}": program(name, arch) for name in ("LICENSE", "README.md", "helm")}
        world.publish(path, archive(files), checksums=".sha256sum")
    runcs = {arch: program("runc", arch) for arch in ("amd64", "arm64", "armhf", "ppc64le", "riscv64", "s390x")}
    base = f"{github.format(project='opencontainers/runc')}/v{runc}"
    lines = [f"{world.publish(f'{base}/runc.{arch}', content)}  runc.{arch}" for arch, content in runcs.items()]
    world.put(f"{base}/runc.sha256sum", SIGNED.format(lines="\n".join(lines)).encode())


@contextmanager
def upstream_world(directory: Path) -> Iterator[World]:
    with World(directory=directory) as world:
        yield world


class _Proxied(Answers):
    def do_CONNECT(self) -> None:  # noqa: N802
        world, (name, _, _port) = self.owner, self.path.partition(":")
        assert isinstance(world, World)
        if name in world.blocked or name not in NAMES:
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        try:
            self.connection = world.served_as.wrap_socket(self.connection, server_side=True)
        except OSError:
            self.close_connection = True
            return
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.below, self.close_connection = f"/{name}", False


def _write_certificates(ca: Path, server: Path) -> None:
    """A CA, and a certificate of it with its key for all names."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the world's CA")])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the world")])
    begin, end = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1)

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> bytes:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(ca_name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
        made = builder.add_extension(extension, critical=False).sign(ca_key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM)

    ca.write_bytes(certificate(ca_name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=0)))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    names = x509.SubjectAlternativeName([x509.DNSName(one) for one in NAMES])
    server.write_bytes(certificate(name, key.public_key(), names) + pem)
