"""The world outside a lab: a mirror of downloads and a registry at an address that hosts reach through a proxy alone.

All three are real: HTTPS of a CA of the tests', Debian's docker-registry with a user, Debian's tinyproxy with another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from tests.certificate_authority import CertificateAuthority
from tests.docker_registry import DockerRegistry
from tests.tiny_proxy import TinyProxy
from underlay.artifacts.catalog import image_entry, pinned_version
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import load_manifest
from underlay.lab.model import naming
from underlay.lab.system.commands import run

from .releases import BLOBS, lay_out, served

# RFC 5737: this machine's for as long as the test runs. A lab's router has no route there.
ADDRESS = "198.51.100.53"
MIRROR_PORT, REGISTRY_PORT, PROXY_PORT = 8443, 5443, 3128
# Registries with projects have a path before the repository's.
PROJECT = "released"
PULLS, PASSES = ("robot", "pulls-only-3f9c"), ("site", "passes-only-71ab")
OPENED = {"registry.k8s.io", "ghcr.io"}


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
            lay_out(self.directory / "mirror" / "k8s")
            stack.enter_context(served(self.directory / "mirror", address=(ADDRESS, MIRROR_PORT), tls=tls))
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
