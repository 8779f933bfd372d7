"""The world under its own names: where releases are downloaded from and images pulled, each answering on port 443.

`directory` of its certificate authority is given to hosts and to this process; whoever takes an address for a name from
`addresses` reaches it, as through any DNS.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from tests.certificate_authority import CertificateAuthority
from tests.docker_registry import DockerRegistry
from underlay.artifacts.catalog import image_entry, pinned_version
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import load_manifest
from underlay.lab.system.commands import run

from .releases import BLOBS, QuietFiles, lay_out, served

# RFC 5737, as outside_world's: this machine's for as long as a test runs.
RELEASES, REGISTRY = "198.51.100.61", "198.51.100.62"
# Where the names of downloads redirect to.
REDIRECTS = {"dl.k8s.io": "cdn.dl.k8s.io", "github.com": "release-assets.githubusercontent.com"}
REGISTRIES = ("registry.k8s.io", "ghcr.io")
HTTPS = 443


@dataclass
class NamedWorld:
    """`directory` is whose files it is made of."""

    directory: Path

    @property
    def addresses(self) -> dict[str, str]:
        """Name -> address."""
        releases = dict.fromkeys((*REDIRECTS, *REDIRECTS.values()), RELEASES)
        return releases | dict.fromkeys(REGISTRIES, REGISTRY)

    @property
    def published(self) -> Path:
        """What is released: host/path below it."""
        return self.directory / "published"

    @contextmanager
    def up(self) -> Iterator[NamedWorld]:
        """Releases and registries answer, and this process trusts them."""
        self.authority = CertificateAuthority(self.directory)
        with ExitStack() as stack:
            for address in (RELEASES, REGISTRY):
                run("ip", "address", "replace", f"{address}/32", "dev", "lo")
                stack.callback(run, "ip", "address", "del", f"{address}/32", "dev", "lo")
            os.environ["SSL_CERT_FILE"] = str(self.authority.certificate)
            stack.callback(os.environ.pop, "SSL_CERT_FILE")
            lay_out(self.published)
            tls = self.authority.issue(*REDIRECTS, *REDIRECTS.values())
            stack.enter_context(served(self.published, address=(RELEASES, HTTPS), tls=tls, by=_Named))
            (self.directory / "registry").mkdir()
            registry = DockerRegistry(
                self.directory / "registry",
                tls=self.authority.issue(*REGISTRIES, REGISTRY),
                ca=self.authority.certificate,
                address=REGISTRY,
                port=HTTPS,
            )
            _push(stack.enter_context(registry))
            yield self


def _push(registry: DockerRegistry) -> None:
    for name, image in load_manifest(bundle_directory()).images.items():
        entry = image_entry(name)
        host, _, path = entry.ref(pinned_version(entry.component)).partition("/")
        if host in REGISTRIES:
            repository, _, tag = path.rpartition(":")
            manifest, *others = [BLOBS.path(blob.sha256) for blob in image.blobs]
            registry.push(repository, tag, manifest.read_bytes(), others)


class _Named(QuietFiles):
    """Files by the name that is requested; where upstream redirects, so does it."""

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        if target := REDIRECTS.get(self._host):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", f"https://{target}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return super().send_head()

    def translate_path(self, path: str) -> str:
        origin = next((name for name, target in REDIRECTS.items() if target == self._host), "")
        return super().translate_path(f"/{origin}{path}")

    @property
    def _host(self) -> str:
        return (self.headers.get("Host") or "").partition(":")[0]
